use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use harness::{Exit, host};

/// Run all tests under cargo-nextest
///
/// Installs what this machine lacks (asks first on a terminal). The kernels that
/// are in the cache are booted, one test a kernel and scenario.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Install what is missing without asking (as CI=true does)
    #[arg(long)]
    yes: bool,

    /// Passed on to `cargo nextest run`
    #[arg(last = true, value_name = "NEXTEST ARGUMENTS")]
    nextest: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    host::prepare(arguments.yes)?;
    let status = Command::new("cargo")
        .args(["nextest", "run", "--workspace"])
        .args(&arguments.nextest)
        .status()
        .context("running cargo nextest")?;
    Ok(if status.success() {
        Exit::Agreed
    } else {
        Exit::Disagreed
    })
}
