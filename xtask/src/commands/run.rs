use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use harness::report;
use harness::{
    BadRequest, Ending, Input, Interrupt, Outlet, Program, Runner, Screen, Several, SharedInput,
    StandingPlace, StandingRun, WantedFile, Watcher, Window, check_wanted, run_in, unpack_files,
};
use images::{Catalogue, Spec};
use tempfile::tempfile;

use crate::options::{ArchOption, MachineOptions, SIZE, TerminalOption, TimeoutOption};

/// Run a program in a kernel, or in several
///
/// The program finds its own path, its interpreter and its libraries as they are
/// on this host, and nothing else but what --file names. It reads this command's
/// stdin; what it writes to stdout and stderr arrives here byte for byte, and its
/// exit status becomes this command's.
///
/// Several kernels run side by side. Each gets all of stdin (nothing, where stdin
/// is a terminal), and its output has a heading and a closing line.
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  N    the program's own exit status, or 128 + the number of the signal that
       killed it
  125  this command failed: the command line made no sense, the kernel could not
       be had, panicked or hung, or the time was up
  126  the program is there and cannot be executed
  127  the program, or something that it needs to run, is missing
  77   the kernel lacks what --needs names, and the program was not started
  130, 143, 129  ended by Ctrl-C, SIGTERM, SIGHUP
  141  what reads stdout or stderr is gone
Of several kernels, the first code that is not 0, in the order of the kernels.
With --exit-codes legacy, 2 stands for a command line that made no sense and for a
program that cannot be run, 3 for all other failures; of several kernels, 3 wins.

Examples:
  cargo xtask run --kernel 3.10 -- ./reproducer --verbose
  cargo xtask run --kernel 3.8..3.13 --user 1000 -- ./reproducer
  cargo xtask run --kernel 6.1 --tree ./data:/data -- sh -c 'sort - /data/words' < input
  cargo xtask run --kernel arm64/6.1 -- ./reproducer-for-arm64
  cargo xtask run --kernel ./arch/x86/boot/bzImage --append nosmp -- /bin/true")]
pub(crate) struct RunCommand {
    /// The kernel: 3.10, 3.8..3.13, or the path of a bzImage; may be given more
    /// than once
    #[arg(long = "kernel", value_name = "KERNEL")]
    kernels: Vec<Spec>,

    #[command(flatten)]
    arch: ArchOption,

    /// Run in the machines of this name, which `up` keeps up; their memory, processors
    /// and command line are theirs
    #[arg(long = "in", value_name = "NAME", conflicts_with_all = ["kernels", "memory", "cpus", "append", "modules", "fresh"])]
    standing: Option<String>,

    #[command(flatten)]
    machine: MachineOptions,

    #[command(flatten)]
    timeout: TimeoutOption,

    #[command(flatten)]
    terminal: TerminalOption,

    /// Bring a file or directory of the guest back when the program has ended, into this
    /// directory or to a path of this host; may be given more than once
    #[arg(long = "out", value_name = "GUEST[:HOST]", value_parser = WantedFile::parse)]
    wanted: Vec<WantedFile>,

    /// Of several kernels, count one that cannot be had as a failure
    #[arg(long)]
    strict: bool,

    /// What stands before `--` and is no option: an error that says how to write it.
    #[arg(hide = true, value_name = "WORDS")]
    misplaced: Vec<OsString>,

    /// The program, by its path or its name in PATH, and its arguments
    #[arg(last = true, value_name = "PROGRAM ARGS")]
    command: Vec<OsString>,
}

impl RunCommand {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let codes = self.machine.exit_codes;
        let without_kernel = self.kernels.is_empty() && self.standing.is_none();
        let (program, rest) =
            harness::words_of_run(without_kernel, &self.misplaced, &self.command)?;
        let catalogue = Catalogue::of_user()?;
        let mut kernels = match self.standing {
            Some(_) => Vec::new(),
            None => catalogue.select(&self.arch.apply(&self.kernels, None))?,
        };
        check_wanted(&self.wanted)?;
        self.machine.devices.check(kernels.len())?;
        if !self.wanted.is_empty() && kernels.len() > 1 {
            let why = "--out is for one kernel: run each with another place for its files";
            bail!(BadRequest::new(why));
        }
        let terminal = self.terminal.is_wanted(kernels.len());
        let window = match terminal {
            true => Window::watch()?,
            false => None,
        };
        let mut program = Program::new(program).args(rest);
        if terminal {
            program = program.terminal(window.as_ref().and_then(Window::size).unwrap_or(SIZE));
        }
        let place = self.standing.as_ref().map(|name| StandingPlace::find(name));
        let place = place.transpose()?;
        let program = match &place {
            Some(place) => self.machine.furnish_in(place, program)?,
            None => self.machine.furnish(program),
        };
        let wanted = self.wanted.iter();
        let program = wanted.fold(program, |program, file| program.wants(&file.guest));
        let program = program.pack()?;
        harness::say_of_left_out(&program);
        if self.standing.is_none() {
            // Where nothing says for which architecture, the program does.
            let specs = self.arch.apply(&self.kernels, Some(program.arch()));
            kernels = catalogue.select(&specs)?;
            program.fits(&kernels)?;
        }
        let files = match self.wanted.is_empty() {
            true => None,
            false => Some(tempfile().context("making a temporary file")?),
        };

        let interrupt = Interrupt::catch()?;
        if let Some(place) = &place {
            let mut runner = self.machine.runner();
            self.timeout.apply(&mut runner);
            let stdin = Input::streamed().context("reading the program's input")?;
            let run = StandingRun {
                program: &program,
                stdin,
                window: window.as_ref().filter(|_| io::stdin().is_terminal()),
                files: files.as_ref(),
                timeout: runner.timeout,
                codes,
            };
            let code = run_in(place, run, &interrupt)?;
            if code != codes.unable() {
                self.unpack(files)?;
            }
            return Ok(code.into());
        }
        let machines = Arc::new(self.machine.machines(&catalogue)?);
        let watcher: Arc<dyn Watcher> = Arc::new(report::Terminal::reserved());
        let mut runner = Runner {
            watcher: Some(&*watcher),
            disks: self.machine.devices.disks(&machines, &*watcher)?,
            interrupt: Some(&interrupt),
            files: files.as_ref(),
            window: window.as_ref(),
            ..self.machine.runner()
        };
        self.timeout.apply(&mut runner);
        if let [kernel] = &kernels[..] {
            let name = kernel.name();
            let prepared = runner.prepare(&machines, kernel, &watcher);
            let Some(bootable) = prepared.with_context(|| format!("kernel {name}"))? else {
                return Ok(harness::interrupted(Some(&interrupt)).into());
            };
            let stdin = Input::inherited().context("reading the program's input")?;
            let mut screen = Screen::new(terminal)?;
            let ran = runner.run(&bootable, &program, stdin, &mut screen)?;
            // The terminal is as it was before anything is said.
            drop(screen);
            harness::say_of_run(&name, &ran);
            if let (Ending::Ended(status), Some(files)) = (&ran.ending, files) {
                let ended = || format!("the program ended ({status})");
                unpack_files(files, &self.wanted).with_context(ended)?;
            }
            return Ok(codes.of(&ran.ending, Some(&interrupt)).into());
        }
        let several = Several {
            machines: &machines,
            kernels: &kernels,
            watcher: &watcher,
            codes,
            strict: self.strict,
        };
        let stdin = SharedInput::inherited().context("reading the program's input")?;
        let code = runner.run_in_all(&several, &program, &stdin, Outlet::stdio()?)?;
        Ok(code.into())
    }

    /// Writes the files that came back; none if the program did not run.
    fn unpack(&self, files: Option<File>) -> Result<()> {
        match files {
            Some(files) if files.metadata()?.len() > 0 => unpack_files(files, &self.wanted),
            _ => Ok(()),
        }
    }
}
