use std::io::IsTerminal;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, io};

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use guest::{NATIVE, Version};
use harness::{
    Event, EventBus, EventLog, Exit, Header, Interrupt, Matrix, RunDir, Shard, Suite, Target,
    Targets, Watcher, native, report, scenarios_named,
};
use images::Catalogue;

use crate::options::HostOptions;
use crate::out::print;
use crate::sources::Sources;

/// Boot kernels and assert what each must do
///
/// Obtains and verifies the kernels, and QEMU where this host has none, boots each
/// kernel, and holds what it shows against what is claimed of its version.
/// Nothing is installed on this host.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  all that ran agreed with its claims, or --shard left nothing to run
  1  a kernel disagreed with a claim, or kept a scenario from ending
  2  the command line made no sense
  3  the harness could not do its work: nothing was asserted, QEMU is missing
     or failed, a verification failed, or --strict and a kernel was not run
  130, 143, 129  ended by Ctrl-C, SIGTERM, SIGHUP

Examples:
  cargo xtask test-kernels                       the default set of kernels
  cargo xtask test-kernels 3.8..3.13 '>=6.12'    ranges
  cargo xtask test-kernels ./arch/x86/boot/bzImage
  cargo xtask test-kernels native                the running kernel, without QEMU
  cargo xtask test-kernels native --claims 4.4   a kernel that says it is like 4.4
  cargo xtask test-kernels 3.10 --scenario unshare_newpid_multithreaded
  cargo xtask test-kernels --format ktap > results.ktap
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

    #[command(flatten)]
    host: HostOptions,

    /// How many kernels to run side by side [default: one a core]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Processors of each machine
    #[arg(long, value_name = "N", default_value = "1")]
    cpus: NonZeroU32,

    /// What stdout is for; where that is programs, people read stderr
    #[arg(long, value_enum, default_value = "human")]
    format: Format,

    /// Fail where a kernel could not be run
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The matrix, and what is to be known of every cell that is not as claimed
    Human,
    /// What happens, one JSON object a line, as docs/events.md describes
    Json,
    /// The kernel's own format for tests
    Ktap,
    /// The same as human, with an annotation for each red cell, and a summary of
    /// the job
    Github,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let interrupt = Interrupt::catch()?;
    match interrupt.unless_told(move || test(&arguments))? {
        Some(exit) => Ok(exit?.into()),
        None => {
            eprintln!("interrupted: the kernels that are not told of above were not done");
            Ok(harness::interrupted(Some(&interrupt)).into())
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

    let dir = RunDir::new_run()?;
    let terminal = match arguments.format {
        Format::Json | Format::Ktap | Format::Github if io::stdout().is_terminal() => {
            report::Terminal::without_bars()
        }
        _ => report::Terminal::default(),
    };
    let stream = EventBus::default()
        .to(EventLog::create(&dir.events())?)
        .to(terminal);
    let stream = match arguments.format {
        Format::Human => stream,
        Format::Json => stream.to(EventLog::new(io::stdout(), "stdout")),
        Format::Ktap => stream.to(report::Ktap::new(io::stdout())),
        Format::Github => {
            let summary = env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from);
            stream.to(report::Github::new(io::stdout(), summary))
        }
    };
    let kernels = targets.names(arguments.claims);
    stream.event(&Event::Run(Header {
        shard: arguments.shard,
        ..Header::now(&dir, kernels, &scenarios)
    }));
    let mut matrix = Matrix::default();
    if targets.native {
        let row = native(&scenarios, arguments.claims, &dir.kernel(NATIVE)?);
        stream.event(&Event::Kernel(Box::new(row.clone())));
        matrix.rows.push(row);
    }
    if !targets.kernels.is_empty() {
        let store = arguments.sources.store(&catalogue)?;
        let mut suite = Suite::new(targets.kernels, scenarios, store, dir)?;
        arguments.host.apply(&mut suite.machines);
        suite.machines.cpus = arguments.cpus.get();
        suite.jobs = arguments.jobs.unwrap_or(suite.jobs);
        // One that is missing is said once, not of each kernel.
        suite.machines.qemu(&stream)?;
        matrix.rows.extend(suite.run(&stream).rows);
    }

    let exit = match idle {
        None => matrix.exit(arguments.strict),
        Some(_) => Exit::Agreed,
    };
    stream.event(&Event::Finished { exit });
    match idle {
        None => tell_people(&matrix, arguments.format)?,
        Some(shard) => {
            eprintln!("shard {shard} has none of the kernels: nothing was asserted here");
        }
    }
    match stream.end() {
        // It was seen, whoever could not be told of it.
        Err(error) if exit == Exit::Disagreed => eprint!("{}", report::complaint(&error)),
        result => result?,
    }
    Ok(exit)
}

/// Prints the matrix and its details, wherever people read.
fn tell_people(matrix: &Matrix, format: Format) -> Result<()> {
    let on_stdout = matches!(format, Format::Human | Format::Github);
    let colour = on_stdout && report::in_colour();
    let (table, details) = (report::table(matrix, colour), report::details(matrix));
    let text = format!("{table}\n{details}");
    let text = match format {
        Format::Github => report::fenced(&text)?,
        _ => report::for_people(text)?,
    };
    if on_stdout {
        print(text);
    } else {
        eprint!("{text}");
    }
    Ok(())
}
