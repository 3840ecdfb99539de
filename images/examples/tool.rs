//! Obtains a tool and runs one of its programs:
//! `cargo run -p strata-images --example tool -- qemu qemu-system-x86_64 --version`.

use std::os::unix::process::CommandExt;
use std::time::Instant;

use anyhow::{Context, Result};
use images::{Catalogue, Silent, Store, ToolName};

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let name = arguments.next().unwrap_or_default();
    let name = ToolName::all().find(|tool| name == tool.name());
    let name = name.context("which tool: qemu, busybox or mke2fs?")?;
    let catalogue = Catalogue::builtin();
    let begun = Instant::now();
    let store = Store::builder(&catalogue).build()?;
    let memory = store.cache_dir().join("memory");
    let tool = store.remembering(&memory).tool(name, &Silent)?;
    let took = begun.elapsed().as_secs_f64();
    eprintln!(
        "{} {}, {}, {} bytes, {took:.3} s",
        tool.name, tool.version, tool.source, tool.size
    );
    match arguments.next() {
        None => println!("{}", tool.dir.display()),
        Some(program) => {
            let launch = tool.launch(program.to_str().unwrap_or_default());
            return Err(launch.command().args(arguments).exec()).context("cannot start it");
        }
    }
    Ok(())
}
