use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use harness::host::Tool;
use harness::{Exit, fetch_all, host, report};
use images::{Catalogue, Store};

/// Run all tests under cargo-nextest
///
/// Installs what this machine lacks (asks first on a terminal), and fetches those
/// of the default kernels that can be had. Each is booted once, and each of its
/// scenarios is a test: `3.10::unshare_newpid_multithreaded`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask test
  cargo xtask test -- -E 'test(/^6.1::/)'      what concerns one kernel")]
pub(crate) struct Arguments {
    /// Install what is missing without asking (as CI=true does)
    #[arg(long)]
    yes: bool,

    /// Passed on to `cargo nextest run`
    #[arg(last = true, value_name = "NEXTEST ARGUMENTS")]
    nextest: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    host::prepare(&Tool::ALL, arguments.yes)?;
    let catalogue = Catalogue::builtin();
    let store = Store::builder(&catalogue).build()?;
    fetch_all(
        &store,
        &catalogue.default_kernels(),
        &report::Terminal::default(),
    )?;
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
