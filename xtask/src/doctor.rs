use anyhow::Result;
use clap::Args;
use harness::doctor::examine;
use harness::{Exit, QemuChoice};
use images::Catalogue;

use crate::out::print;
use crate::sources::Sources;

/// Say what works on this host
///
/// The accelerator and why, QEMU and where it is from, the cache, the archives
/// within reach, and what a first run will download. Nothing is downloaded but
/// the archives' release files.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  kernels can be had and booted here
  3  something is missing: the line says what to do

Examples:
  cargo xtask doctor
  cargo xtask doctor --mirror http://mirror.example.org/debian")]
pub(crate) struct Arguments {
    #[command(flatten)]
    sources: Sources,

    /// Which QEMU: host, own, or the path of one [also: STRATA_QEMU] [default:
    /// auto]
    #[arg(long, value_name = "auto|host|own|PATH")]
    qemu: Option<QemuChoice>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let catalogue = Catalogue::builtin();
    let store = arguments.sources.store(&catalogue)?;
    let choice = arguments.qemu.clone();
    let choice = choice.unwrap_or_else(QemuChoice::from_environment);
    let mut exit = Exit::Agreed;
    for finding in examine(&catalogue, store, &choice) {
        print(format_args!("{finding}\n"));
        if !finding.works {
            exit = Exit::Unable;
        }
    }
    Ok(exit)
}
