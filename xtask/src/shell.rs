use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use guest::WindowSize;
use harness::{
    BadRequest, Debugger, ExitCodes, Input, Interrupt, Program, RunDir, Runner, Screen, Watcher,
    Window, busybox, report,
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
/// downloaded into the cache. `exit` ends the machine; so does a kernel that says
/// nothing for a minute, and a signal to this command. Where stdin is no terminal,
/// the shell reads its commands from there.
#[derive(Args)]
#[command(after_help = "\
Exit codes are those of `run`, with the shell for the program.

Examples:
  cargo xtask shell --kernel 6.1
  echo 'uname -a' | cargo xtask shell --kernel 6.1
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

    /// The exit codes of failures that are not the shell's: standard or legacy
    #[arg(long, value_name = "CODES", default_value = "standard")]
    pub(crate) exit_codes: ExitCodes,
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
    let terminal = io::stdin().is_terminal();
    let store = arguments.machine.store(&catalogue)?;
    let busybox = busybox(&store, &report::Terminal::reserved())?;
    let shell = arguments
        .machine
        .furnish(Program::shell(busybox, terminal.then_some(size)))
        .pack()?;

    let interrupt = Interrupt::catch()?;
    let bench = Arc::new(arguments.machine.bench(&catalogue, RunDir::anonymous())?);
    let watcher: Arc<dyn Watcher> = Arc::new(report::Terminal::reserved());
    let debugger = arguments.gdb.then(Debugger::listen).transpose()?;
    let runner = Runner {
        timeout: None,
        watcher: Some(&*watcher),
        debugger: debugger.as_ref(),
        interrupt: Some(&interrupt),
        window: window.as_ref(),
        ..arguments.machine.runner()
    };
    let (name, kernel) = (kernels[0].name(), &kernels[0]);
    let prepared = runner.prepare(&bench, kernel, &watcher);
    let Some(bootable) = prepared.with_context(|| format!("kernel {name}"))? else {
        return Ok(harness::interrupted(Some(&interrupt)).into());
    };
    if let Some(debugger) = &debugger {
        eprintln!("gdb -ex 'target remote {}'", debugger.path().display());
    }
    let mut screen = Screen::new(terminal)?;
    let ran = runner.run(&bootable, &shell, Input::inherited()?, &mut screen)?;
    // The terminal is as it was before anything is said.
    drop(screen);
    harness::say_of_run(&name, &ran);
    Ok(arguments
        .exit_codes
        .of(&ran.ending, runner.interrupt)
        .into())
}
