//! Runs programs in kernels, for `cargo xtask run` and for tests.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use guest::{Kernel, Status};
use images::{Catalogue, Silent, Store};

use super::boot_watch::BootWatch;
use super::input_frames::Coming;
use super::outcome::failure;
use super::output::{Captured, Output};
use super::program_input::Input;
use super::session::{Ending, Limits, Ran, Session};
use crate::kernels::{Bootable, MEMORY_MIB, Machines};
use crate::machine::{Deadlines, Debugger};
use crate::payload::{LoadedProgram, PackedProgram, Program};
use crate::results::Watcher;
use crate::system::{Interrupt, RunDir, Window};

/// How long a program may take of which nothing else is said.
pub const TIMEOUT: Duration = Duration::from_secs(600);
/// Twelve times what a guest is silent at most ([`guest::HEARTBEAT`]).
const SILENCE: Duration = Duration::from_secs(60);
/// For each so many bytes that travel, a second is added to the time for a boot.
const UNPACKED_A_SECOND: u64 = 4 << 20;

/// How programs are run, beside what their [`Machines`] says of all machines.
#[derive(Clone)]
pub struct Runner<'a> {
    /// Memory in MiB; enough for what travels, where it is not given.
    pub memory_mib: Option<u32>,
    /// How long the program may take; for ever where a person uses it.
    pub timeout: Option<Duration>,
    /// How long a guest may say nothing before it counts as hung, which says
    /// something every five seconds. Not under a debugger, which may stop it.
    pub silence: Duration,
    /// Where a debugger may attach.
    pub debugger: Option<&'a Debugger>,
    /// What hears of the boot.
    pub watcher: Option<&'a dyn Watcher>,
    /// What ends a run before its time.
    pub interrupt: Option<&'a Interrupt>,
    /// The terminal whose size is the program's.
    pub window: Option<&'a Window>,
}

impl Default for Runner<'_> {
    fn default() -> Self {
        Self {
            memory_mib: None,
            timeout: Some(TIMEOUT),
            silence: SILENCE,
            debugger: None,
            watcher: None,
            interrupt: None,
            window: None,
        }
    }
}

impl Runner<'_> {
    /// Obtains a kernel and makes a machine for it, unless an interrupt comes
    /// first: then nothing is left to be done.
    ///
    /// # Errors
    /// If the kernel cannot be had.
    pub fn prepare(
        &self,
        machines: &Arc<Machines>,
        kernel: &images::Kernel,
        watcher: &Arc<dyn Watcher>,
    ) -> Result<Option<Bootable>> {
        let Some(interrupt) = self.interrupt else {
            return Ok(Some(machines.machine(kernel, &**watcher)?));
        };
        let (machines, kernel, watcher) =
            (Arc::clone(machines), kernel.clone(), Arc::clone(watcher));
        let prepared = interrupt.unless_told(move || machines.machine(&kernel, &*watcher))?;
        Ok(prepared.transpose()?)
    }

    /// Runs a program in a kernel. Where it did not come to its own end, the
    /// console is kept and [`Ran::console`] says where.
    ///
    /// # Errors
    /// If the harness cannot do its part.
    pub fn run(
        &self,
        kernel: &Bootable,
        program: &PackedProgram,
        stdin: Stdin,
        output: &mut dyn Output,
    ) -> Result<Ran> {
        let (kind, at_hand, coming) = stdin.taken_apart();
        let loaded = program.load(kind, &at_hand)?;
        drop(at_hand);
        self.run_loaded(kernel, &loaded, coming, output)
    }

    pub(super) fn run_loaded(
        &self,
        kernel: &Bootable,
        program: &LoadedProgram,
        input: Option<Coming>,
        output: &mut dyn Output,
    ) -> Result<Ran> {
        let size = program.size;
        let mut machine = kernel.machine.clone();
        // The initramfs, what is unpacked from it, and input on its way.
        let needed = u32::try_from((3 * size) >> 20).unwrap_or(u32::MAX - MEMORY_MIB);
        machine.memory_mib = self.memory_mib.unwrap_or(MEMORY_MIB + needed);
        machine.gdb = self.debugger.map(Debugger::number);
        machine.initramfs = program.initramfs.path();
        let boot = Deadlines::of(machine.accelerator).boot;
        let session = Session {
            machine: &machine,
            dir: &kernel.dir,
            limits: Limits {
                boot: boot + Duration::from_secs(size / UNPACKED_A_SECOND),
                program: self.timeout,
                silence: self.debugger.is_none().then_some(self.silence),
            },
            input,
            interrupt: self.interrupt,
            window: self.window,
        };
        match self.watcher {
            Some(watcher) => session.run(&mut BootWatch::of(output, watcher, &kernel.name)),
            None => session.run(output),
        }
    }
}

/// A program that came to its end, and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub status: Status,
    /// All that it wrote to stdout, byte for byte.
    pub stdout: Vec<u8>,
    /// All that it wrote to stderr.
    pub stderr: Vec<u8>,
    /// The kernel it ran on, as that told itself.
    pub kernel: Kernel,
}

impl Program {
    /// Runs it in one kernel, without input, and captures what it writes. The
    /// kernel is named as on the command line: `3.10`, or the path of a bzImage.
    ///
    /// # Errors
    /// If the kernel cannot be had, something that the program needs is
    /// missing, or it did not come to its own end within ten minutes: with what
    /// the kernel said.
    pub fn run_on(&self, kernel: &str) -> Result<Finished> {
        let catalogue = Catalogue::builtin();
        let kernels = catalogue.select(&[kernel.parse()?])?;
        let [kernel] = kernels.as_slice() else {
            bail!("{kernel:?} is more than one kernel: a program is run on one");
        };
        let packed = self.pack()?;
        let store = Store::builder(&catalogue).build()?;
        let machines = Machines::new(store, RunDir::nameless())?;
        let bootable = machines.machine(kernel, &Silent)?;
        let mut captured = Captured::default();
        let ran = Runner::default().run(&bootable, &packed, Input::Null, &mut captured)?;
        match (&ran.ending, &ran.kernel) {
            (Ending::Ended(status), Some(running)) => Ok(Finished {
                status: *status,
                stdout: captured.stdout,
                stderr: captured.stderr,
                kernel: running.clone(),
            }),
            _ => bail!("{}", failure(&kernel.name(), &ran)),
        }
    }
}
