//! Writes `images/tools.lock` again, from the mirror of apt or another one:
//! `cargo run -p strata-images --example pin_tools -- [SUITE [MIRROR]]`.

use std::path::Path;

use anyhow::{Context, Result};
use images::{Catalogue, Progress, Store};

struct Notes;

impl Progress for Notes {
    fn started(&self, name: &str, total: Option<u64>) {
        eprintln!("{name}: {} bytes", total.unwrap_or_default());
    }

    fn step(&self, text: &str) {
        eprintln!("{text}");
    }

    fn note(&self, text: &str) {
        eprintln!("{text}");
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let suite = arguments.next().unwrap_or_else(|| "bookworm".to_owned());
    let catalogue = Catalogue::builtin();
    let mirrors = arguments.fold(Store::builder(&catalogue), |store, url| store.mirror(url));
    let text = mirrors.build()?.pin_tools(&suite, &Notes)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools.lock");
    std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    println!("{}", path.display());
    Ok(())
}
