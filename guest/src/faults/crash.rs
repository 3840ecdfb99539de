//! The machine comes to an end before the report does.

use std::convert::Infallible;
use std::fs;
use std::ptr;

use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::wait::WaitPidFlag;

use super::hang::sleep_for_ever;
use super::{Fault, begin};
use crate::probe::{Errno, Pid, waitpid};
use crate::{Facts, ProbeError};

pub(super) const PANIC: Fault = Fault::new("fault_panic", "the kernel panics", |facts| {
    begin(facts)?;
    // Before 5.9 the kernel crashes by a bad pointer, and panics of that.
    fs::write("/proc/sysrq-trigger", "c")?;
    Ok(())
})
.ends(&["PANICKED"]);

pub(super) const KILL_INIT: Fault = Fault::new(
    "fault_kill_init",
    "PID 1 dies of a jump to nowhere",
    kill_init,
)
.ends(&["PANICKED"]);

pub(super) const POWER_OFF: Fault =
    Fault::new("fault_power_off", "the machine is powered off", |facts| {
        end(facts, RebootMode::RB_POWER_OFF)
    })
    // A kernel without ACPI halts instead.
    .ends(&["ENDED EARLY", "HUNG"]);

/// Every boot that comes to it restarts: a loop, if the machine allowed one.
pub(super) const REBOOT: Fault = Fault::new(
    "fault_reboot",
    "the machine restarts, whenever it is asked",
    |facts| end(facts, RebootMode::RB_AUTOBOOT),
)
.ends(&["ENDED EARLY"]);

pub(super) const HALT: Fault =
    Fault::new("fault_halt", "the machine halts and stays on", |facts| {
        end(facts, RebootMode::RB_HALT_SYSTEM)
    })
    .ends(&["HUNG"]);

fn end(facts: &mut Facts, mode: RebootMode) -> Result<(), ProbeError> {
    begin(facts)?;
    let Err(errno): Result<Infallible, Errno> = reboot(mode);
    Err(errno.into())
}

/// No signal from inside kills PID 1, so it is made to die by itself: a tracer
/// lets it go on at address 0.
fn kill_init(facts: &mut Facts) -> Result<(), ProbeError> {
    begin(facts)?;
    let init = Pid::from_raw(1);
    // SAFETY: all zeroes is a valid value of plain numbers.
    let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    let none = ptr::null_mut::<libc::c_void>();
    // SAFETY: registers are read to and written from where there is room.
    unsafe {
        Errno::result(libc::ptrace(libc::PTRACE_ATTACH, init.as_raw(), none, none))?;
        waitpid(init, Some(WaitPidFlag::__WALL))?;
        let registers = &raw mut registers;
        Errno::result(libc::ptrace(
            libc::PTRACE_GETREGS,
            init.as_raw(),
            none,
            registers,
        ))?;
        (*registers).rip = 0;
        // It is within no system call that could be started again.
        (*registers).orig_rax = u64::MAX;
        Errno::result(libc::ptrace(
            libc::PTRACE_SETREGS,
            init.as_raw(),
            none,
            registers,
        ))?;
        Errno::result(libc::ptrace(libc::PTRACE_DETACH, init.as_raw(), none, none))?;
    }
    // Nobody is left to tell.
    sleep_for_ever()
}
