//! Runs programs in kernels, for `cargo xtask run` and for tests.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use guest::{RunningKernel, Status};
use images::{Catalogue, Progress, Silent, Store};

use super::boot_watch::BootWatch;
use super::disks::{Disks, LazyDisks};
use super::input_frames::Coming;
use super::outcome::failure;
use super::output::{Captured, Output};
use super::program_input::Input;
use super::session::{Ending, Limits, Ran, Session, Standing};
use crate::kernels::{Bootable, MEMORY_MIB, Machines};
use crate::machine::{Deadlines, Debugger, Network};
use crate::payload::{LoadedProgram, PackedProgram, Program, SplitArchive};
use crate::results::{Downloads, Watcher};
use crate::system::{Interrupt, RunDir, Window};

/// The default time limit of a program.
pub const TIMEOUT: Duration = Duration::from_secs(600);
/// Twelve times the guest's longest silence ([`guest::HEARTBEAT`]).
const SILENCE: Duration = Duration::from_secs(60);
/// What a kernel may take to boot, however little time its program has.
const LEAST_BOOT: Duration = Duration::from_secs(30);
/// The time for a boot is extended by a second for each of these many packed bytes.
const UNPACKED_A_SECOND: u64 = 4 << 20;

/// What a kernel and a small program take, in MiB.
const KERNEL_MIB: u32 = 192;

/// The memory of a machine into which so many bytes travel, in MiB: room for the initramfs,
/// its unpacked files, and input. A power of two, so that few machines are saved.
pub(super) fn memory_for(size: u64) -> u32 {
    let needed = u32::try_from((3 * size) >> 20).unwrap_or(u32::MAX >> 2);
    (KERNEL_MIB + needed).next_power_of_two().max(MEMORY_MIB)
}

/// The most bytes of files that travel into a machine which is given no more memory for
/// them: more are a volume.
const MOST_IN_MEMORY: u64 = 128 << 20;

/// How long a kernel may take to boot: a user who gives a program little time does
/// not wait much longer for a kernel that hangs.
fn boot_within(usual: Duration, timeout: Option<Duration>) -> Duration {
    timeout.map_or(usual, |timeout| usual.min(timeout.max(LEAST_BOOT)))
}

/// How programs are run, besides the settings of [`Machines`].
#[derive(Clone)]
pub struct Runner<'a> {
    /// Memory in MiB; by default enough for what is packed.
    pub memory_mib: Option<u32>,
    /// The program's time limit; none for an interactive session. The boot before it may
    /// take as long at most, if that is more than 30 s.
    pub timeout: Option<Duration>,
    /// How long a guest may be silent before it counts as hung; it sends a message
    /// every five seconds. Ignored with a debugger, which may stop it.
    pub silence: Duration,
    /// Whether every machine boots, also where its saved state could be restored.
    pub fresh: bool,
    /// Where a debugger may attach.
    pub debugger: Option<&'a Debugger>,
    /// The watcher that hears of the boot.
    pub watcher: Option<&'a dyn Watcher>,
    /// The interrupt that ends a run early.
    pub interrupt: Option<&'a Interrupt>,
    /// The terminal whose size is the program's.
    pub window: Option<&'a Window>,
    /// Where the archive of the files goes that the program's job wants.
    pub files: Option<&'a File>,
    /// The network of the machine, for a program that is to have one
    /// ([`Program::network`]).
    pub network: Option<Network>,
    /// The disks of each machine, for a program that is to have them
    /// ([`Program::disks`]).
    pub disks: Disks,
}

impl Default for Runner<'_> {
    fn default() -> Self {
        Self {
            memory_mib: None,
            timeout: Some(TIMEOUT),
            silence: SILENCE,
            fresh: false,
            debugger: None,
            watcher: None,
            interrupt: None,
            window: None,
            files: None,
            network: None,
            disks: Disks::default(),
        }
    }
}

impl Runner<'_> {
    /// Obtains a kernel and makes a machine for it; none if an interrupt comes first.
    ///
    /// # Errors
    /// If the kernel cannot be obtained.
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

    /// Runs a program in a kernel. If the program did not end by itself, the console is
    /// kept and [`Ran::console`] is its path.
    ///
    /// # Errors
    /// If the program is for another architecture, or the harness fails.
    pub fn run(
        &self,
        kernel: &Bootable,
        program: &PackedProgram,
        stdin: Input,
        output: &mut dyn Output,
    ) -> Result<Ran> {
        let (kind, at_hand, coming) = stdin.taken_apart();
        let loaded = self.load(program, kind, &at_hand)?;
        drop(at_hand);
        self.run_loaded(kernel, &loaded, coming, output, None)
    }

    /// Loads a program for machines of its own: its files travel where they fit.
    pub(super) fn load(
        &self,
        program: &PackedProgram,
        stdin: guest::Stdin,
        at_hand: &[u8],
    ) -> Result<LoadedProgram> {
        let size = program.size();
        let has_room = |memory: u32| memory >= memory_for(size);
        let fits = size <= MOST_IN_MEMORY || self.memory_mib.is_some_and(has_room);
        match fits && !program.is_of_host() {
            true => program.load(stdin, at_hand),
            false => program.load_with_volume(stdin, at_hand),
        }
    }

    pub(super) fn run_loaded(
        &self,
        kernel: &Bootable,
        program: &LoadedProgram,
        input: Option<Coming>,
        output: &mut dyn Output,
        standing: Option<&mut Standing>,
    ) -> Result<Ran> {
        program.fits(&kernel.name, kernel.machine.arch)?;
        let size = program.size;
        let mut machine = kernel.machine.clone();
        machine.memory_mib = self.memory_mib.unwrap_or_else(|| memory_for(size));
        machine.shares_memory = kernel.can_share_memory;
        machine.gdb = self.debugger.map(Debugger::number);
        // A debugger may follow a boot from its beginning.
        if !self.fresh && self.debugger.is_none() {
            machine.parcel = kernel.parcel(&machine, &program.initramfs, true)?;
        }
        let whole = match machine.parcel {
            Some(_) => program.initramfs.clone(),
            None => kernel.whole(&program.initramfs)?,
        };
        machine.initramfs = whole.path();
        // In a lane no files are kept.
        if (standing.as_ref()).is_some_and(|standing| standing.takes_one_at_a_time())
            && let Some(parcel) = &mut machine.parcel
        {
            let (whole, from) = parcel.archive.clone();
            let split = SplitArchive::of(&whole, from)?;
            parcel.archive = (Arc::new(split.file), 0);
            parcel.taken_out = Some((whole, split.contents));
        }
        let boot = boot_within(Deadlines::of(machine.accelerator).boot, self.timeout);
        let disks = LazyDisks::new(&self.disks);
        // A machine that stays has them already, unless it is replaced.
        if !(standing.as_ref()).is_some_and(|standing| standing.has_devices()) {
            disks.get()?;
        }
        let told = self.watcher.map(Downloads::told_to);
        let progress: &dyn Progress = told.as_ref().map_or(&Silent, |told| told);
        let modules = || kernel.modules.file(progress);
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
            files: self.files,
            modules: &modules,
            network: self.network.as_ref(),
            disks: &disks,
            volume: program.volume.as_ref(),
            standing,
        };
        match self.watcher {
            Some(watcher) => session.run(&mut BootWatch::of(output, watcher, &kernel.name)),
            None => session.run(output),
        }
    }
}

/// A program that ended, and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub status: Status,
    /// All that it wrote to stdout, byte for byte.
    pub stdout: Vec<u8>,
    /// All that it wrote to stderr.
    pub stderr: Vec<u8>,
    /// The kernel that ran.
    pub kernel: RunningKernel,
}

impl Program {
    /// Runs it in one kernel, without input, and captures what it writes. The
    /// kernel is named as on the command line: `3.10`, or the path of a bzImage.
    ///
    /// # Errors
    /// If the kernel cannot be obtained, a file that the program needs is missing, or
    /// the program did not end by itself within ten minutes: with the last lines of the
    /// console.
    pub fn run_on(&self, kernel: &str) -> Result<Finished> {
        let catalogue = Catalogue::builtin();
        let kernels = catalogue.select(&[kernel.parse()?])?;
        let [kernel] = kernels.as_slice() else {
            bail!("{kernel:?} is more than one kernel: a program is run on one");
        };
        let packed = self.pack()?;
        packed.fits(&kernels)?;
        let store = Store::builder(&catalogue).build()?;
        let machines = Machines::new(store, RunDir::anonymous())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_may_take_as_long_as_the_program_but_not_too_little() {
        let seconds = Duration::from_secs;
        for (timeout, boot) in [(None, 120), (Some(1), 30), (Some(45), 45), (Some(600), 120)] {
            let within = boot_within(seconds(120), timeout.map(seconds));
            assert_eq!(within, seconds(boot), "{timeout:?}");
        }
    }
}
