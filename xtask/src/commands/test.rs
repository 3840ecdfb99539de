use std::process::Command;

use anyhow::Result;
use clap::Args;
use guest::HOST;
use harness::{Exit, Machines, RunDir, busybox, fetch_all, report, root};
use images::{Catalogue, Store};

use crate::tools;

/// Run all tests under cargo-nextest
///
/// Builds cargo-nextest where it is missing, and fetches QEMU, busybox and those
/// of the default kernels that can be had, all into the cache. Each kernel is booted
/// once, and each of its scenarios is a test: `3.10::unshare_newpid_multithreaded`.
///
/// The tests of the report's page need Chromium. Where it is missing, they are
/// ignored; on a terminal you are asked first whether apt may install it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask test
  cargo xtask test -- -E 'test(/^6.1::/)'      what concerns one kernel")]
pub(crate) struct TestCommand {
    /// Install Chromium without asking (as CI=true does)
    #[arg(long)]
    yes: bool,

    /// Passed on to `cargo nextest run`
    #[arg(last = true, value_name = "NEXTEST ARGUMENTS")]
    nextest: Vec<String>,
}

impl TestCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let catalogue = Catalogue::builtin();
        let store = Store::builder(&catalogue).build()?;
        let path = tools::path_with_nextest(&store.cache_dir().join("tools"))?;
        tools::offer_chromium(self.yes)?;
        let terminal = report::Terminal::default();
        fetch_all(&store, &catalogue.default_kernels(), &terminal)?;
        // Each test is a process: none of them should have to fetch these.
        busybox(&store, HOST, &terminal)?;
        Machines::new(store, RunDir::anonymous())?.qemu(&terminal)?;
        let mut nextest = Command::new("cargo");
        nextest
            .args(["nextest", "run", "--workspace"])
            .args(&self.nextest)
            .env("PATH", path)
            .current_dir(root());
        Ok(match tools::succeeds(&mut nextest)? {
            true => Exit::Agreed,
            false => Exit::Disagreed,
        })
    }
}
