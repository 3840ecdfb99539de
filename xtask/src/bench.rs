use std::env;
use std::num::NonZeroUsize;

use anyhow::{Context, Result, bail};
use clap::Args;
use harness::speed::{Figure, Line, Speed, usual_kernels};
use harness::{Bench, Exit, RunDir, report};
use images::{Catalogue, Spec};

use crate::options::HostOptions;
use crate::out::print;
use crate::sources::Sources;

/// Measure how fast Strata is, against bare QEMU and against its peers
///
/// Prints a Markdown table of ratios, each of two times that were taken side by
/// side, with the goal it has and whether that was met. virtme-ng (`vng`) and
/// vmtest are measured where they are in PATH. To be run on an idle machine;
/// what the figures mean stands in docs/performance.md.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  measured, whether or not the goals were met
  2  the command line made no sense
  3  a kernel could not be had

Examples:
  cargo xtask bench                                the oldest and the newest kernel in the cache
  cargo xtask bench 6.1 6.12 --rounds 7
  cargo xtask bench --figure peers /boot/vmlinuz-6.1*
  cargo xtask bench ./arch/x86/boot/bzImage")]
pub(crate) struct Arguments {
    /// Kernels: 3.10, 3.8..3.13, or the path of a bzImage [default: the oldest
    /// and the newest in the cache]
    #[arg(value_name = "KERNEL")]
    kernels: Vec<Spec>,

    /// Measure this figure alone: one, start, floor, peers or matrix (may be
    /// repeated)
    #[arg(long = "figure", value_name = "NAME")]
    figures: Vec<Figure>,

    /// How often everything is timed; the medians are shown
    #[arg(long, value_name = "N", default_value = "5")]
    rounds: NonZeroUsize,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    host: HostOptions,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let catalogue = Catalogue::builtin();
    let store = arguments.sources.store(&catalogue)?;
    let kernels = match arguments.kernels.as_slice() {
        [] => usual_kernels(&catalogue, &store),
        named => catalogue.select(named)?,
    };
    if kernels.is_empty() {
        bail!("there is no kernel in the cache: name one, such as 6.1");
    }
    let mut bench = Bench::new(store, RunDir::new_run()?)?;
    arguments.host.apply(&mut bench);
    let speed = Speed {
        program: env::current_exe().context("finding this program")?,
        kernels,
        figures: arguments.figures.clone(),
        rounds: arguments.rounds.get(),
    };
    print(format_args!("{}\n", Line::HEAD));
    speed.measure(&bench, &report::Terminal::default(), |line| {
        print(format_args!("{line}\n"));
    })?;
    Ok(Exit::Agreed)
}
