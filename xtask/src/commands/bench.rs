use std::env;
use std::num::NonZeroUsize;

use anyhow::{Context, Result, bail};
use clap::Args;
use harness::{Exit, Machines, RunDir, report};
use images::{Catalogue, Spec};

use crate::bench::{Benchmark, Figure, HEAD, usual_kernels};
use crate::options::{HostOptions, SourceOptions};
use crate::stdout::print;

/// Measure how fast Strata is, against bare QEMU
///
/// Prints a Markdown table of ratios, each of two times that were taken side by
/// side, with the goal it has and whether that was met. To be run on an idle
/// machine; docs/performance.md explains the figures.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  measured, whether or not the goals were met
  2  the command line made no sense
  3  a kernel could not be had

Examples:
  cargo xtask bench                                the oldest and the newest kernel in the cache
  cargo xtask bench 6.1 6.12 --rounds 7
  cargo xtask bench 6.1 --figure start
  cargo xtask bench ./arch/x86/boot/bzImage")]
pub(crate) struct BenchCommand {
    /// Kernels: 3.10, 3.8..3.13, or the path of a bzImage [default: the oldest
    /// and the newest in the cache]
    #[arg(value_name = "KERNEL")]
    kernels: Vec<Spec>,

    /// Measure this figure alone; may be given more than once
    #[arg(long = "figure", value_name = "NAME", value_enum)]
    figures: Vec<Figure>,

    /// How often everything is timed; the medians are shown
    #[arg(long, value_name = "N", default_value = "5")]
    rounds: NonZeroUsize,

    #[command(flatten)]
    sources: SourceOptions,

    #[command(flatten)]
    host: HostOptions,
}

impl BenchCommand {
    pub(crate) fn run(self) -> Result<Exit> {
        let catalogue = Catalogue::builtin();
        let store = self.sources.store(&catalogue)?;
        let kernels = match self.kernels.as_slice() {
            [] => usual_kernels(&catalogue, &store),
            named => catalogue.select(named)?,
        };
        if kernels.is_empty() {
            bail!("there is no kernel in the cache: name one, such as 6.1");
        }
        let mut bench = Machines::new(store, RunDir::new_run()?)?;
        self.host.apply(&mut bench);
        let benchmark = Benchmark {
            program: env::current_exe().context("finding this program")?,
            kernels,
            figures: self.figures,
            rounds: self.rounds.get(),
        };
        print(format_args!("{HEAD}\n"));
        benchmark.measure(&bench, &report::Terminal::default(), |row| {
            print(format_args!("{row}\n"));
        })?;
        Ok(Exit::Agreed)
    }
}
