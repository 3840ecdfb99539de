//! The end of the machine.

use std::thread::sleep;
use std::time::Duration;

use nix::sys::reboot::{RebootMode, reboot};

/// Ends the machine.
///
/// It restarts rather than powers off: a kernel without ACPI cannot power off
/// and would halt for ever, while every kernel can restart, which QEMU turns
/// into an exit (`-no-reboot`).
pub(crate) fn off() -> ! {
    let Err(_) = reboot(RebootMode::RB_AUTOBOOT);
    loop {
        // PID 1 must not return: the kernel would panic.
        sleep(Duration::from_secs(60));
    }
}
