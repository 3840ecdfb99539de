use anyhow::Result;
use clap::Args;
use harness::Exit;
use harness::doctor::examine;
use harness::report::Terminal;
use images::Catalogue;

use crate::options::{QemuOption, SourceOptions};
use crate::stdout::print;

/// Say what works on this host
///
/// The accelerator and why, QEMU and where it is from, the cache, the archives
/// within reach, and what a first run will download. Nothing is downloaded but
/// the archives' release files.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  kernels can be had and booted here; what has no `ok` then is not needed
  3  something is missing: the line says what to do

Examples:
  cargo xtask doctor
  cargo xtask doctor --mirror http://mirror.example.org/debian")]
pub(crate) struct DoctorCommand {
    #[command(flatten)]
    sources: SourceOptions,

    #[command(flatten)]
    qemu: QemuOption,
}

impl DoctorCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let catalogue = Catalogue::of_user()?;
        let store = self.sources.store(&catalogue)?;
        let mut exit = Exit::Agreed;
        let watcher = Terminal::reserved();
        for finding in examine(&catalogue, store, &self.qemu.choice(), &watcher) {
            print(format_args!("{finding}\n"));
            if !finding.works && finding.needed {
                exit = Exit::Unable;
            }
        }
        Ok(exit)
    }
}
