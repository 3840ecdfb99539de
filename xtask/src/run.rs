use std::ffi::OsString;
use std::io;
use std::num::NonZeroU64;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use harness::{Ending, Interrupt, Program, RunDir, Runner, Stdin, Streams, report};
use images::{Catalogue, Spec};

use crate::machine::Machine;

/// Run a program in a kernel, or in several
///
/// The program finds its own path, its interpreter and its libraries as they are
/// on this host, and nothing else but what --file names. It reads this command's
/// stdin; what it writes to stdout and stderr arrives here byte for byte, and its
/// exit status is this command's.
///
/// Several kernels run side by side. Each gets all of stdin (nothing, where that
/// is a terminal) and its output a heading and a closing line.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  N    the program's own exit status, or 128 + the number of the signal that
       killed it; of several kernels, the first that is not 0
  2    the command line made no sense, or something is missing that the program
       needs: nothing was booted
  3    the program came to no end: the kernel panicked or hung, the time was up,
       or the kernel could not be had
  130, 143, 129  ended by Ctrl-C, SIGTERM, SIGHUP

Examples:
  cargo xtask run --kernel 3.10 -- ./reproducer --verbose
  cargo xtask run --kernel 3.8..3.13 --user 1000 -- ./reproducer
  cargo xtask run --kernel 6.1 --file ./data:/data -- python3 ./script.py < input
  cargo xtask run --kernel ./arch/x86/boot/bzImage --append nosmp -- /bin/true")]
pub(crate) struct Arguments {
    /// The kernel: 3.10, 3.8..3.13, or the path of a bzImage; may be given more
    /// than once
    #[arg(long = "kernel", value_name = "KERNEL", required = true)]
    kernels: Vec<Spec>,

    #[command(flatten)]
    machine: Machine,

    /// How long the program may take, in seconds [default: 600]
    #[arg(long, value_name = "S")]
    timeout: Option<NonZeroU64>,

    /// The program, by its path or its name in PATH, and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM ARGS")]
    command: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let catalogue = Catalogue::builtin();
    let kernels = catalogue.select(&arguments.kernels)?;
    let (program, rest) = arguments.command.split_at(1);
    let program = Program::new(&program[0]).args(rest);
    let program = arguments.machine.furnish(program).pack()?;

    let interrupt = Interrupt::catch()?;
    let bench = arguments.machine.bench(&catalogue, RunDir::nameless())?;
    let several = kernels.len() > 1;
    let prepared = interrupt.unless_told(move || -> Result<_> {
        let kernels = bench.machines(&kernels, &report::Terminal::reserved());
        let stdin = if several {
            Stdin::shared()
        } else {
            Stdin::inherited()
        };
        Ok((kernels, stdin.context("reading the program's input")?))
    })?;
    let Some(prepared) = prepared else {
        return Ok(report::exit_code(&Ending::Interrupted, Some(&interrupt)).into());
    };
    let (mut kernels, stdin) = prepared?;

    let mut runner = Runner {
        interrupt: Some(&interrupt),
        ..arguments.machine.runner()
    };
    if let Some(seconds) = arguments.timeout {
        runner.timeout = Some(Duration::from_secs(seconds.get()));
    }
    let (stdout, stderr) = (io::stdout(), io::stderr());
    if several {
        let code = runner.run_in_all(&kernels, &program, &stdin, stdout, stderr)?;
        return Ok(code.into());
    }
    let (name, kernel) = kernels.remove(0);
    let mut output = Streams { stdout, stderr };
    let kernel = kernel.with_context(|| format!("kernel {name}"))?;
    let ran = runner.run(&kernel, &program, stdin, &mut output)?;
    if matches!(ran.ending, Ending::TimedOut(_) | Ending::Lost(_)) {
        eprintln!("error: {}", report::failure(&name, &ran));
    } else if !ran.retries.is_empty() {
        eprintln!("{}", report::closing_line(&name, &ran));
    }
    Ok(report::exit_code(&ran.ending, runner.interrupt).into())
}
