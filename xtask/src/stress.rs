use std::env;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use clap::Args;
use harness::{Bench, Interrupt, RunDir, Stress, Wish, cached_kernels, report};
use images::{Catalogue, Spec, Store};

use crate::out::print;

/// Boot kernels over and over on a loaded host, with faults among them
///
/// Every boot looks at all scenarios. Each fourth kernel is given a guest that
/// misbehaves, each tenth run is a process of its own that is killed in the middle, and
/// each fifth is made on a host that makes it difficult: readers that are slow or stop,
/// a silent stdin, little memory, few descriptors, a later boot that fails. What must come of each is known before; what does not come is counted.
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
pub(crate) struct Arguments {
    /// Kernels, as test-kernels takes them [default: those in the cache]
    #[arg(value_name = "KERNEL")]
    kernels: Vec<Spec>,

    /// How many machines to boot, at least
    #[arg(long, value_name = "N", default_value = "200")]
    boots: NonZeroUsize,

    /// How many machines to run side by side [default: one a core]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// How many processors to keep busy meanwhile [default: all]
    #[arg(long, value_name = "N")]
    load: Option<usize>,

    /// The same faults at the same places as in an earlier run
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,

    /// How the processor is executed: auto, kvm or tcg
    #[arg(long, default_value = "auto")]
    accel: Wish,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let catalogue = Catalogue::builtin();
    let kernels = match arguments.kernels[..] {
        [] => cached_kernels(&catalogue, &Store::builder(&catalogue).build()?),
        _ => catalogue.select(&arguments.kernels)?,
    };
    let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let store = Store::builder(&catalogue).build()?;
    let bench = Bench::new(store, RunDir::nameless())?;
    let stress = Stress {
        qemu: bench.qemu(&report::Terminal::default())?.launch,
        kernels,
        boots: arguments.boots.get(),
        jobs: arguments.jobs.unwrap_or(cores),
        load: arguments.load.unwrap_or(cores.get()),
        seed: arguments.seed,
        wish: arguments.accel,
        program: env::current_exe().context("looking for this program")?,
        dir: RunDir::new_run()?,
    };
    let progress = report::StressProgress::of(stress.boots);
    let interrupt = Interrupt::catch()?;
    let tell = move |figures: &_| progress.tell(figures);
    let (figures, told) = stress.clone().run_unless_told(&interrupt, tell)?;
    print(report::stress(&stress, &figures));
    if told {
        eprintln!("interrupted: these are the figures until then");
        return Ok(report::interrupted(Some(&interrupt)).into());
    }
    Ok(figures.exit().into())
}
