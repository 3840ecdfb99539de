use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use harness::{Exit, root};

use crate::stdout::print;
use crate::tools::succeeds;

/// Check what CI checks before the tests
///
/// Format, prose, names, scripts and workflows, clippy of the workspace, the lock
/// file of the fuzz targets, and the documentation. Stops at the first step that fails.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  all is well
  1  a step failed: its reason stands above

Examples:
  cargo xtask check")]
pub(crate) struct CheckCommand {}

/// Every step and its words.
const STEPS: [(&str, &str); 7] = [
    ("format", ".ci/format"),
    ("prose", ".ci/prose"),
    ("names of types", ".ci/names"),
    ("scripts and workflows", ".ci/lint"),
    (
        "clippy",
        "cargo clippy --workspace --all-targets --locked -- --deny warnings",
    ),
    (
        "lock file of fuzz",
        "cargo tree --manifest-path fuzz/Cargo.toml --depth 0 --quiet --locked",
    ),
    (
        "documentation",
        "cargo doc --workspace --no-deps --locked --quiet",
    ),
];

impl CheckCommand {
    pub(crate) fn run(self) -> Result<Exit> {
        for (name, words) in STEPS {
            print(format_args!("=== {name}: {words}\n"));
            let begun = Instant::now();
            let done = succeeds(&mut command(words))?;
            let took = begun.elapsed().as_secs_f64();
            if !done {
                eprintln!("error: {name} failed after {took:.1} s: {words}");
                return Ok(Exit::Disagreed);
            }
            print(format_args!("{name}: {took:.1} s\n"));
        }
        Ok(Exit::Agreed)
    }
}

fn command(words: &str) -> Command {
    let mut words = words.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .current_dir(root())
        .env("RUSTDOCFLAGS", "--deny warnings");
    command
}
