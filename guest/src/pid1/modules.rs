//! The kernel's requests for modules, and the host's answer to them.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::root;
use super::serial::Serial;
use crate::modprobe::{self, HELPER, ModulesAtHand, NAMES, RESCANNED};
use crate::protocol::wire::{Decoder, Message, Piece};
use crate::protocol::{Order, Record};

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

/// Loads modules before a program starts. Returns how many of the host's frames that took.
pub(crate) fn load_ahead(console: &Serial, modules: &[String]) -> Result<u32, String> {
    if modules.is_empty() {
        return Ok(0);
    }
    let mut frames = 0;
    if ModulesAtHand::can_be() && ModulesAtHand::find().is_none() {
        console.post(&Record::ModulesWanted);
        let mut decoder = Decoder::new(console.hosts_key());
        let rescan = Piece::Message(0, Message::Record(Order::Rescan));
        loop {
            let bytes = console.hear(ATTACHED_WITHIN);
            let bytes = bytes.map_err(|error| format!("waiting for the modules: {error}"))?;
            if decoder.push(&bytes).contains(&rescan) {
                break;
            }
        }
        self::rescan();
        frames = 1;
    }
    let at_hand = ModulesAtHand::ask(true)?;
    for module in modules {
        let (name, parameters) = module.split_once(' ').unwrap_or((module, ""));
        modprobe::load(&at_hand, name, parameters)?;
    }
    Ok(frames)
}
