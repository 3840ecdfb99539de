use std::env;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use clap::Args;
use harness::{Interrupt, Machines, RunDir, cached_kernels, report};
use images::{Catalogue, Spec, Store};

use crate::options::{AccelOption, JobsOption};
use crate::stdout::print;
use crate::stress::Stress;

/// Boot kernels over and over on a loaded host, with faults among them
///
/// Every boot runs all scenarios. Each fourth kernel is given a guest that
/// misbehaves, each tenth run is killed before it ends, and each fifth is made on a
/// host that makes it difficult: readers that are slow or stop, a silent stdin, little
/// memory, few descriptors, a second boot that fails. What must come of each is known;
/// everything else is counted.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  no wrong verdict, no lost result, no orphan
  1  something of these
  2  the command line made no sense
  3  the harness could not do its work
  130, 143, 129  ended by Ctrl-C, SIGTERM, SIGHUP; the figures until then are printed

Examples:
  cargo xtask stress                           200 boots of the kernels in the cache
  cargo xtask stress --boots 1000 --load 16 3.10 6.1
  cargo xtask stress --boots 20 ./bzImage")]
pub(crate) struct StressCommand {
    /// Kernels, as test-kernels takes them [default: those in the cache]
    #[arg(value_name = "KERNEL")]
    kernels: Vec<Spec>,

    /// How many machines to boot, at least
    #[arg(long, value_name = "N", default_value = "200")]
    boots: NonZeroUsize,

    #[command(flatten)]
    jobs: JobsOption,

    /// How many processors to keep busy meanwhile [default: all]
    #[arg(long, value_name = "N")]
    load: Option<usize>,

    /// The same faults at the same places as in an earlier run
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,

    #[command(flatten)]
    accel: AccelOption,
}

impl StressCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let catalogue = Catalogue::builtin();
        let store = || Store::builder(&catalogue).build();
        let kernels = match self.kernels[..] {
            [] => cached_kernels(&catalogue, &store()?),
            _ => catalogue.select(&self.kernels)?,
        };
        let bench = Machines::new(store()?, RunDir::anonymous())?;
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let stress = Arc::new(Stress {
            qemu: bench.qemu(&report::Terminal::default())?.launch,
            kernels,
            boots: self.boots.get(),
            jobs: self.jobs.number(),
            load: self.load.unwrap_or(cores),
            seed: self.seed,
            wish: self.accel.accel,
            program: env::current_exe().context("looking for this program")?,
            dir: RunDir::new_run()?,
        });
        let interrupt = Interrupt::catch()?;
        let (figures, told) = Arc::clone(&stress).run(&interrupt)?;
        print(format_args!(
            "{} machines side by side, {} processors busy with other work, seed {}\n\n{figures}",
            stress.jobs, stress.load, stress.seed
        ));
        if told {
            eprintln!("interrupted: these are the figures until then");
            return Ok(harness::interrupted(Some(&interrupt)).into());
        }
        Ok(figures.exit().into())
    }
}
