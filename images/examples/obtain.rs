//! Obtains kernels and says where they are:
//! `cargo run -p strata-images --example obtain -- 6.1 '>=7' [--locked] [--lock FILE]`.
//! With a lock file, what is verified and not pinned yet is pinned in that.

use std::time::Instant;

use anyhow::Result;
use images::{Catalogue, Kernel, Progress, Spec, Store};

struct Notes;

impl Progress for Notes {
    fn started(&self, name: &str, total: Option<u64>) {
        eprintln!("  {name}: {} bytes", total.unwrap_or_default());
    }

    fn note(&self, text: &str) {
        eprintln!("  {text}");
    }
}

fn main() -> Result<()> {
    let mut locked = false;
    let mut specs: Vec<Spec> = Vec::new();
    let mut lock = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--locked" => locked = true,
            "--lock" => lock = arguments.next(),
            spec => specs.push(spec.parse()?),
        }
    }
    let catalogue = Catalogue::builtin();
    let mut store = Store::builder(&catalogue).locked(locked);
    if let Some(path) = lock {
        store = store.lock_file(path);
    }
    let store = store.build()?;
    for kernel in catalogue.select(&specs)? {
        let Kernel::Catalogued(entry) = &kernel else {
            println!("{kernel:<6} a file");
            continue;
        };
        let begun = Instant::now();
        match store.obtain(entry, &Notes) {
            Ok(image) => {
                let instead = (image.substituted_for.as_ref())
                    .map_or(String::new(), |pinned| format!(" instead of {pinned}"));
                println!(
                    "{kernel:<6} {}{instead}, {} bytes, {:.1} s, {}",
                    image.debian_version,
                    image.size,
                    begun.elapsed().as_secs_f64(),
                    image.source
                );
            }
            Err(error) => println!("{kernel:<6} {error}"),
        }
    }
    Ok(())
}
