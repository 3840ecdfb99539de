use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use guest::HOST;
use harness::report;
use harness::{
    BadRequest, Debugger, Input, Interrupt, Program, Runner, Screen, StandingPlace, StandingRun,
    Watcher, Window, busybox, run_in,
};
use images::{Catalogue, Kernel, Spec};

use crate::options::{MachineOptions, SIZE};

/// Open a shell in a kernel
///
/// The shell is busybox with all its commands: this host's, else (and for kernels of
/// another architecture) one that is downloaded into the cache. `exit` ends the machine;
/// so does a kernel that says nothing for a minute, and a signal to this command. Where
/// stdin is no terminal, the shell reads its commands from there.
#[derive(Args)]
#[command(after_help = "\
Exit codes are those of `run`, with the shell for the program.

Examples:
  cargo xtask shell --kernel 6.1
  echo 'uname -a' | cargo xtask shell --kernel 6.1
  cargo xtask shell --kernel arm64/6.1
  cargo xtask shell --in 6.1
  cargo xtask shell --kernel 3.10 --file ./reproducer:/reproducer
  cargo xtask shell --kernel ./arch/x86/boot/bzImage --gdb --append nokaslr")]
pub(crate) struct ShellCommand {
    /// The kernel: 3.10, or the path of a bzImage
    #[arg(long, value_name = "KERNEL", required_unless_present_any = ["misplaced", "standing"])]
    kernel: Option<Spec>,

    /// Open it in a machine of this name, which `up` keeps up; its memory, processors and
    /// command line are its own
    #[arg(long = "in", value_name = "NAME", conflicts_with_all = ["kernel", "memory", "cpus", "append", "modules", "fresh", "gdb"])]
    standing: Option<String>,

    /// What is no option: an error that says how to write it.
    #[arg(hide = true, value_name = "WORDS")]
    misplaced: Vec<OsString>,

    #[command(flatten)]
    machine: MachineOptions,

    /// Open a socket to which gdb may attach
    #[arg(long)]
    gdb: bool,
}

impl ShellCommand {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        if let [word, ..] = &self.misplaced[..] {
            let word = word.to_string_lossy();
            bail!(BadRequest::new(format!(
                "`{word}` belongs to no option: the kernel is named with --kernel {word}"
            )));
        }
        let catalogue = Catalogue::of_user()?;
        let kernels = catalogue.select(self.kernel.as_slice())?;
        if kernels.len() > 1 {
            let names: Vec<String> = kernels.iter().map(Kernel::name).collect();
            bail!(BadRequest::new(format!(
                "--kernel names several, a shell is in one of them: {}",
                names.join(", ")
            )));
        }
        self.machine.devices.check(kernels.len())?;
        let window = Window::watch()?;
        let size = window.as_ref().and_then(Window::size).unwrap_or(SIZE);
        let terminal = io::stdin().is_terminal();
        let store = self.machine.store(&catalogue)?;
        let place = self.standing.as_ref().map(|name| StandingPlace::find(name));
        let place = place.transpose()?;
        let arch = match &place {
            Some(place) => place.machines().arch(),
            None => kernels.first().and_then(Kernel::arch),
        };
        let busybox = busybox(&store, arch.unwrap_or(HOST), &report::Terminal::reserved())?;
        let shell = Program::shell(busybox, terminal.then_some(size));
        let shell = match &place {
            Some(place) => self.machine.furnish_in(place, shell)?,
            None => self.machine.furnish(shell),
        };
        let shell = shell.pack()?;
        harness::say_of_left_out(&shell);

        let interrupt = Interrupt::catch()?;
        let codes = self.machine.exit_codes;
        if let Some(place) = &place {
            let run = StandingRun {
                program: &shell,
                stdin: Input::streamed()?,
                window: window.as_ref().filter(|_| terminal),
                files: None,
                timeout: None,
                codes,
            };
            let code = run_in(place, run, &interrupt)?;
            return Ok(code.into());
        }
        let machines = Arc::new(self.machine.machines(&catalogue)?);
        let watcher: Arc<dyn Watcher> = Arc::new(report::Terminal::reserved());
        let debugger = self.gdb.then(Debugger::listen).transpose()?;
        let runner = Runner {
            timeout: None,
            watcher: Some(&*watcher),
            disks: self.machine.devices.disks(&machines, &*watcher)?,
            debugger: debugger.as_ref(),
            interrupt: Some(&interrupt),
            window: window.as_ref(),
            ..self.machine.runner()
        };
        let (name, kernel) = (kernels[0].name(), &kernels[0]);
        let prepared = runner.prepare(&machines, kernel, &watcher);
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
        Ok(codes.of(&ran.ending, runner.interrupt).into())
    }
}
