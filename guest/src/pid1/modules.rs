//! The kernel's requests for modules, and the host's answer to them.

use std::fmt::Display;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::disks;
use super::needs;
use super::network;
use super::pump::Signals;
use super::root;
use super::serial::Serial;
use crate::modprobe::{self, HELPER, ModulesAtHand, NAMES, RESCANNED};
use crate::protocol::wire::{Decoder, FOREIGN, Message, Piece};
use crate::protocol::{Need, Order, ProgramJob, Record, VOLUME};

/// The program that the guest is, in the initramfs.
pub(super) const SELF: &str = "/init";
/// Whom the kernel asks for a module.
const SETTING: &str = "/proc/sys/kernel/modprobe";
/// The host may have to download them.
const ATTACHED_WITHIN: Duration = Duration::from_secs(900);

/// Whether the kernel's helper has asked for the modules (SIGUSR1).
static WANTED: AtomicBool = AtomicBool::new(false);

/// Makes the helper known to the kernel, and to programs. Without modules in the kernel
/// there is nothing to do.
pub(crate) fn offer() -> Result<(), Errno> {
    extern "C" fn wanted(_: libc::c_int) {
        WANTED.store(true, Ordering::SeqCst);
    }
    if !fs::exists("/proc/modules").unwrap_or(false) {
        return Ok(());
    }
    let handler = SigHandler::Handler(wanted);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler only stores a value.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    let _ = symlink(SELF, HELPER);
    let _ = fs::write(SETTING, HELPER);
    let directory = root::path_of("sbin");
    let there = |name: &str| directory.join(name).symlink_metadata().is_ok();
    if root::is_directory(&directory) && !NAMES.iter().any(|name| there(name)) {
        let [first, others @ ..] = NAMES;
        // A copy takes longer than many a program. An empty file becomes this program in
        // the program's own mount namespace (`root::enter`).
        let first_path = directory.join(first);
        let _ = fs::hard_link(SELF, &first_path).or_else(|_| fs::write(&first_path, ""));
        for other in others {
            let _ = symlink(first, directory.join(other));
        }
    }
    Ok(())
}

/// Whether the helper has asked since the last time.
pub(crate) fn are_wanted() -> bool {
    WANTED.swap(false, Ordering::SeqCst)
}

/// Finds the device that the host has attached; the helper looks for it.
pub(crate) fn rescan() {
    let _ = fs::write("/sys/bus/pci/rescan", "1");
    let _ = fs::write(RESCANNED, "");
}

/// Loads what devices of virtio take. It may be built in.
fn load_drivers(at_hand: &Result<ModulesAtHand, String>, drivers: &[&str]) {
    let Ok(at_hand) = at_hand else { return };
    for driver in ["virtio_pci"].iter().chain(drivers) {
        let _ = modprobe::load(at_hand, driver, "");
    }
}

/// The host's answers while no program runs that it could send input.
pub(crate) struct BeforeProgram<'a> {
    console: &'a Serial,
    decoder: Decoder,
    /// How many of its frames came.
    pub(crate) frames: u32,
}

impl<'a> BeforeProgram<'a> {
    pub(crate) fn new(console: &'a Serial) -> Self {
        Self {
            console,
            decoder: Decoder::new(console.hosts_key()),
            frames: 0,
        }
    }

    /// Has the host attach what the job has, once.
    fn have_attached(&mut self) -> Result<(), String> {
        if self.frames > 0 || !ModulesAtHand::can_be() {
            return Ok(());
        }
        self.console.post(&Record::ModulesWanted);
        while self.frames == 0 {
            let bytes = self.console.hear(ATTACHED_WITHIN);
            let bytes = bytes.map_err(|error| format!("waiting for the modules: {error}"))?;
            self.take(&bytes)?;
        }
        Ok(())
    }

    /// Makes the files of the job's volume the program's root. The error says what is missing.
    pub(crate) fn mount_volume(&mut self) -> Result<(), String> {
        self.have_attached()?;
        load_drivers(
            &ModulesAtHand::ask(true),
            &["virtio_blk", "squashfs", "overlay"],
        );
        let mounted = disks::device_of(VOLUME).and_then(|device| root::mount_over_volume(&device));
        mounted.map_err(|why| {
            format!(
                "the program's files are a disk of squashfs under an overlay, and {why}: without \
                 --host-root, they travel into a machine with --memory of four times their size"
            )
        })
    }

    /// Loads modules before a program starts, and makes its devices ready. Says what is
    /// missing of what it needs, if anything is.
    pub(crate) fn prepare(&mut self, program: &ProgramJob) -> Result<Option<String>, String> {
        let has_devices = program.network || !program.disks.is_empty();
        let take_modules = !program.modules.is_empty() || needs::take_modules(&program.needs);
        if !take_modules && !has_devices {
            return needs::missing(program, Err(&String::new()));
        }
        if has_devices || ModulesAtHand::find().is_none() {
            self.have_attached()?;
        }
        let at_hand = ModulesAtHand::ask(true);
        for module in &program.modules {
            let at_hand = at_hand.as_ref().map_err(String::clone)?;
            let (name, parameters) = module.split_once(' ').unwrap_or((module, ""));
            modprobe::load(at_hand, name, parameters)?;
        }
        let mut drivers = Vec::new();
        drivers.extend(program.network.then_some("virtio_net"));
        drivers.extend((!program.disks.is_empty()).then_some("virtio_blk"));
        if has_devices {
            load_drivers(&at_hand, &drivers);
        }
        let because = |why: String| match &at_hand {
            Ok(_) => why,
            Err(no_modules) => format!("{why}, and as to modules, {no_modules}"),
        };
        // Where it is declared as a need, a driver that is missing is no failure.
        if program.network
            && let Err(why) = network::bring_up()
        {
            let is_need = program.needs.contains(&Need::Network);
            return if is_need {
                Ok(Some(why))
            } else {
                Err(because(format!("--network: {why}")))
            };
        }
        if let Err(why) = disks::link(&program.disks) {
            let is_need = program.needs.contains(&Need::Disk);
            return if is_need {
                Ok(Some(why))
            } else {
                Err(because(format!("--disk: {why}")))
            };
        }
        needs::missing(program, at_hand.as_ref())
    }

    /// Answers the kernel until this file can be read. To execute a program may take a
    /// module (`binfmt-464c`).
    pub(crate) fn answer_until(
        &mut self,
        ready: BorrowedFd<'_>,
        signals: &Signals,
    ) -> Result<(), String> {
        let failed = |what: &dyn Display| format!("waiting for the program to start: {what}");
        loop {
            if are_wanted() {
                self.console.post(&Record::ModulesWanted);
            }
            let wanted = [ready, self.console.as_fd()];
            let mut wanted = wanted.map(|file| PollFd::new(file, PollFlags::POLLIN));
            match ppoll(&mut wanted, None, Some(signals.unblocked())) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(failed(&errno)),
            }
            let [is_ready, is_said] = wanted.map(|one| one.any().unwrap_or(true));
            if is_said {
                let bytes = self.console.read();
                self.take(&bytes.map_err(|error| failed(&error))?)?;
            }
            if is_ready {
                return Ok(());
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        for piece in self.decoder.push(bytes) {
            match piece {
                Piece::Message(number, Message::Record(Order::Rescan)) if number == self.frames => {
                    self.frames += 1;
                    rescan();
                }
                Piece::Text(_) | Piece::Garbled(FOREIGN) => {}
                _ => return Err("the host says what is not its turn to say".to_owned()),
            }
        }
        Ok(())
    }
}
