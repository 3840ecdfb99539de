use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use harness::{Exit, Machines, RunDir, busybox, fetch_all, report, root};
use images::{Catalogue, Store};

use crate::tools;

/// Run all tests under cargo-nextest
///
/// Builds cargo-nextest where it is missing, and fetches QEMU, busybox and those
/// of the default kernels that can be had, all into directories of its own. Each
/// kernel is booted once, and each of its scenarios is a test:
/// `3.10::unshare_newpid_multithreaded`.
///
/// The tests of the report's page take Chromium. Where it is missing, they are
/// ignored; on a terminal you are asked first whether apt may install it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask test
  cargo xtask test -- -E 'test(/^6.1::/)'      what concerns one kernel")]
pub(crate) struct Arguments {
    /// Install Chromium without asking (as CI=true does)
    #[arg(long)]
    yes: bool,

    /// Passed on to `cargo nextest run`
    #[arg(last = true, value_name = "NEXTEST ARGUMENTS")]
    nextest: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let catalogue = Catalogue::builtin();
    let store = Store::builder(&catalogue).build()?;
    let path = tools::path_with_nextest(&store.cache_dir().join("tools"))?;
    tools::offer_chromium(arguments.yes)?;
    let terminal = report::Terminal::default();
    fetch_all(&store, &catalogue.default_kernels(), &terminal)?;
    // What the tests need besides, each of which is a process of its own.
    busybox(&store, &terminal)?;
    Machines::new(store, RunDir::anonymous())?.qemu(&terminal)?;
    let status = Command::new("cargo")
        .args(["nextest", "run", "--workspace"])
        .args(&arguments.nextest)
        .env("PATH", path)
        .current_dir(root())
        .status()
        .context("running cargo nextest")?;
    Ok(if status.success() {
        Exit::Agreed
    } else {
        Exit::Disagreed
    })
}
