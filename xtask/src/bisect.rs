use anyhow::Result;
use clap::Args;
use harness::bisect::{Ends, ask_scenario, bisect, candidates};
use harness::{Exit, RunDir, Suite, Wish, host, report, scenarios_named};
use images::{Catalogue, Spec};

use crate::out::print;
use crate::sources::Sources;

/// Find the two neighbouring kernels between which a behaviour changes
///
/// Halves the catalogue, one kernel a series, until two neighbours differ in
/// what the scenario shows; prints each step, then the pair, what each showed,
/// and the commit that the table of claims names. A kernel that cannot be had or
/// does not boot is skipped, and said so.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  a pair was found, and each of it shows what is claimed of it
  1  a pair was found, and a kernel disagreed with its claim
  2  the command line made no sense
  3  no two kernels differ, or none could be asked

Examples:
  cargo xtask bisect unshare_newpid_multithreaded
  cargo xtask bisect unshare_newpid_multithreaded --good 3.8 --bad 3.13
  cargo xtask bisect unshare_newpid_multithreaded --good 3.11 --bad 3.12 --all
  cargo xtask bisect unshare_newpid_multithreaded --kernel ./bzImage-a --kernel ./bzImage-b")]
pub(crate) struct Arguments {
    /// What is looked at
    #[arg(value_name = "SCENARIO")]
    scenario: String,

    /// One end of the range: a kernel that is as it should be [default: the
    /// catalogue's first]
    #[arg(long, value_name = "KERNEL")]
    good: Option<Spec>,

    /// The other end: one that is not [default: the catalogue's last]
    #[arg(long, value_name = "KERNEL")]
    bad: Option<Spec>,

    /// Search these kernels instead of the catalogue: 3.10, a range, or the
    /// path of a bzImage; may be given more than once
    #[arg(long = "kernel", value_name = "KERNEL")]
    kernels: Vec<Spec>,

    /// Search every upload to Debian, some 600, instead of one a series
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    sources: Sources,

    /// How the processor is executed: auto, kvm or tcg
    #[arg(long, default_value = "auto")]
    accel: Wish,

    /// Install what is missing without asking (as CI=true does)
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let scenario = scenarios_named(std::slice::from_ref(&arguments.scenario))?[0];
    let ends = Ends {
        good: arguments.good.clone(),
        bad: arguments.bad.clone(),
    };
    let catalogue = Catalogue::builtin();
    let (store, catalogue) = if arguments.all {
        let store = arguments.sources.exact_store(&catalogue)?;
        (store, catalogue.with_uploads())
    } else {
        (arguments.sources.store(&catalogue)?, catalogue)
    };
    let candidates = candidates(&catalogue, &arguments.kernels, &ends)?;
    host::prepare(arguments.yes)?;

    let mut suite = Suite::new(Vec::new(), vec![scenario], store, RunDir::new_run()?)?;
    suite.bench.wish = arguments.accel;
    let terminal = report::Terminal::default();
    print(format_args!("{} kernels\n", candidates.len()));
    let bisection = bisect(
        Some(scenario),
        &candidates,
        |kernel| ask_scenario(&suite, kernel, &terminal),
        |step| print(format_args!("{step}\n")),
    )?;
    print(format_args!("\n{}", report::bisection(&bisection)));
    Ok(bisection.exit())
}
