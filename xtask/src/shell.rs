use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use guest::WindowSize;
use harness::{
    BadRequest, Debugger, Ending, Interrupt, Program, RunDir, Runner, Screen, Stdin, Window,
    busybox, report,
};
use images::{Catalogue, Spec};

use crate::machine::Machine;

/// The size of a terminal that does not tell.
const SIZE: WindowSize = WindowSize {
    rows: 24,
    columns: 80,
};

/// Open a shell in a kernel
///
/// The shell is busybox with all its commands: this host's, else one that is
/// downloaded into the cache. `exit` ends the machine; so does a kernel that says nothing
/// for a minute, and a signal to this command.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask shell --kernel 6.1
  cargo xtask shell --kernel 3.10 --file ./reproducer:/reproducer
  cargo xtask shell --kernel ./arch/x86/boot/bzImage --gdb --append nokaslr")]
pub(crate) struct Arguments {
    /// The kernel: 3.10, or the path of a bzImage
    #[arg(long, value_name = "KERNEL")]
    kernel: Spec,

    #[command(flatten)]
    machine: Machine,

    /// Open a socket to which gdb may attach
    #[arg(long)]
    gdb: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let catalogue = Catalogue::builtin();
    let kernels = catalogue.select(std::slice::from_ref(&arguments.kernel))?;
    if kernels.len() > 1 {
        let names: Vec<String> = kernels.iter().map(images::Kernel::name).collect();
        bail!(BadRequest::new(format!(
            "{} is more than one kernel, a shell is in one of them: {}",
            arguments.kernel,
            names.join(", ")
        )));
    }
    let window = Window::watch()?;
    let size = window.as_ref().and_then(Window::size).unwrap_or(SIZE);
    let store = arguments.machine.store(&catalogue)?;
    let busybox = busybox(&store, &report::Terminal::reserved())?;
    let shell = arguments
        .machine
        .furnish(Program::shell(busybox, size))
        .pack()?;

    let interrupt = Interrupt::catch()?;
    let bench = arguments.machine.bench(&catalogue, RunDir::nameless())?;
    let prepared = interrupt.unless_told(move || {
        bench
            .machines(&kernels, &report::Terminal::reserved())
            .remove(0)
    })?;
    let Some((name, kernel)) = prepared else {
        return Ok(report::exit_code(&Ending::Interrupted, Some(&interrupt)).into());
    };
    let kernel = kernel.with_context(|| format!("kernel {name}"))?;

    let debugger = arguments.gdb.then(Debugger::listen).transpose()?;
    let runner = Runner {
        timeout: None,
        debugger: debugger.as_ref(),
        interrupt: Some(&interrupt),
        window: window.as_ref(),
        ..arguments.machine.runner()
    };
    if let Some(debugger) = &debugger {
        eprintln!("gdb -ex 'target remote {}'", debugger.path().display());
    }
    let mut screen = Screen::default();
    let ran = runner.run(&kernel, &shell, Stdin::inherited()?, &mut screen)?;
    // The terminal is as it was before anything is said.
    drop(screen);
    if matches!(ran.ending, Ending::TimedOut(_) | Ending::Lost(_)) {
        eprintln!("error: {}", report::failure(&name, &ran));
    } else if !ran.retries.is_empty() {
        eprintln!("{}", report::closing_line(&name, &ran));
    }
    Ok(report::exit_code(&ran.ending, runner.interrupt).into())
}
