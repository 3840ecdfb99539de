use std::num::{NonZeroU32, NonZeroUsize};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use clap::error::ErrorKind;
use guest::{NATIVE, Version};
use harness::{
    Ending, Event, EventLog, Exit, Header, Interrupt, Matrix, RunDir, Shard, Suite, Target,
    Targets, Watcher, Wish, host, native, report, scenarios_named,
};
use images::Catalogue;

use crate::out::print;
use crate::sources::Sources;

/// Boot kernels and assert what each must do
///
/// Installs what this machine lacks (asks first on a terminal), builds the
/// guest, obtains and verifies the kernels, boots each under QEMU, and holds
/// what it shows against what is claimed of its version.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  all that ran agreed with its claims, or --shard left nothing to run
  1  a kernel disagreed with a claim, or kept a scenario from ending
  2  the command line made no sense
  3  the harness could not do its work: nothing was asserted, QEMU is missing
     or failed, a verification failed, or --strict and a kernel was not run
  130  interrupted (Ctrl-C)

Examples:
  cargo xtask test-kernels                       the default set of kernels
  cargo xtask test-kernels 3.8..3.13 '>=6.12'    ranges
  cargo xtask test-kernels ./arch/x86/boot/bzImage
  cargo xtask test-kernels native                the running kernel, without QEMU
  cargo xtask test-kernels native --claims 4.4   a kernel that says it is like 4.4
  cargo xtask test-kernels 3.10 --scenario unshare_newpid_multithreaded
  cargo xtask test-kernels all --shard 1/3       the first of three machines")]
pub(crate) struct Arguments {
    /// Kernels: 3.10, 5, '>=5.10', 3.8..3.13, all, the path of a bzImage, or
    /// native for the running one [default: those marked in images/kernels.toml]
    #[arg(value_name = "KERNEL")]
    kernels: Vec<Target>,

    /// Run this part of the kernels only: 1/3, 2/3 and 3/3 are all of them
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,

    /// Hold the running kernel against the claims for this version, whatever it
    /// calls itself
    #[arg(long, value_name = "VERSION")]
    claims: Option<Version>,

    /// Run this scenario only; may be given more than once
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,

    #[command(flatten)]
    sources: Sources,

    /// How the processor is executed: auto, kvm or tcg
    #[arg(long, default_value = "auto")]
    accel: Wish,

    /// How many kernels to run side by side [default: one a core]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Processors of each machine
    #[arg(long, value_name = "N", default_value = "1")]
    cpus: NonZeroU32,

    /// Fail where a kernel could not be run
    #[arg(long)]
    strict: bool,

    /// Install what is missing without asking (as CI=true does)
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let interrupt = Interrupt::catch()?;
    match interrupt.unless_told(move || test(&arguments))? {
        Some(exit) => Ok(exit?.into()),
        None => {
            eprintln!("interrupted: the kernels that are not told of above were not done");
            Ok(report::exit_code(&Ending::Interrupted, Some(&interrupt)).into())
        }
    }
}

fn test(arguments: &Arguments) -> Result<Exit> {
    let catalogue = Catalogue::builtin();
    let mut targets = Targets::of(&arguments.kernels, &catalogue)?;
    if arguments.claims.is_some() && !targets.native {
        let why = "--claims is for the running kernel: test-kernels native --claims 4.4\n";
        clap::Error::raw(ErrorKind::ArgumentConflict, why).exit();
    }
    if let Some(shard) = arguments.shard {
        if targets.native {
            let why = "--shard is for kernels to boot: each machine runs one of its own\n";
            clap::Error::raw(ErrorKind::ArgumentConflict, why).exit();
        }
        targets.kernels = shard.part(targets.kernels);
    }
    // Where there are fewer kernels than machines, the others have the work.
    let idle = arguments.shard.filter(|_| targets.kernels.is_empty());
    let scenarios = scenarios_named(&arguments.scenarios)?;
    host::prepare(targets.tools(), arguments.yes)?;

    let dir = RunDir::new_run()?;
    let log = EventLog::create(&dir.events())?;
    let header = Header {
        shard: arguments.shard,
        ..Header::now(&dir, &scenarios)
    };
    log.add(&Event::Run(header))?;
    let terminal = report::Terminal::default();
    let mut matrix = Matrix::default();
    if targets.native {
        let row = native(&scenarios, arguments.claims, &dir.kernel(NATIVE)?);
        terminal.row(&row);
        matrix.rows.push(row);
    }
    if !targets.kernels.is_empty() {
        let store = arguments.sources.store(&catalogue)?;
        let mut suite = Suite::new(targets.kernels, scenarios, store, dir)?;
        suite.bench.wish = arguments.accel;
        suite.bench.cpus = arguments.cpus.get();
        suite.jobs = arguments.jobs.unwrap_or(suite.jobs);
        matrix.rows.extend(suite.run(&terminal).rows);
    }

    for row in &matrix.rows {
        log.add(&Event::Kernel(Box::new(row.clone())))?;
    }
    let exit = match idle {
        None => matrix.exit(arguments.strict),
        Some(_) => Exit::Agreed,
    };
    log.add(&Event::Finished { exit })?;
    if let Some(shard) = idle {
        eprintln!("shard {shard} has none of the kernels: nothing was asserted here");
        return Ok(exit);
    }
    print(format_args!("{}\n", report::table(&matrix)));
    print(report::details(&matrix));
    Ok(exit)
}
