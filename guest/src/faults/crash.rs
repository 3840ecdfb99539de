//! The machine comes to an end before the report does.

use std::convert::Infallible;
use std::fs;

use nix::sys::ptrace;
use nix::sys::reboot::{RebootMode, reboot};

use super::hang::{sleep_for_ever, stop_init};
use super::{Fault, begin};
use crate::claims::{Facts, ProbeError};
use crate::probe::Errno;
use crate::processor;

pub(super) const FAULTS: &[Fault] = &[
    Fault::new("fault_panic", "the kernel panics", |facts| {
        begin(facts)?;
        // Before 5.9 the kernel crashes by a bad pointer, and panics of that.
        fs::write("/proc/sysrq-trigger", "c")?;
        Ok(())
    })
    .ends(&["PANICKED"]),
    Fault::new(
        "fault_kill_init",
        "PID 1 dies of a jump to nowhere",
        kill_init,
    )
    .ends(&["PANICKED"]),
    Fault::new("fault_power_off", "the machine is powered off", |facts| {
        end(facts, RebootMode::RB_POWER_OFF)
    })
    // A kernel without ACPI halts instead.
    .ends(&["ENDED EARLY", "HUNG"]),
    // Every boot that comes to it restarts: a loop, if the machine allowed one.
    Fault::new(
        "fault_reboot",
        "the machine restarts, whenever it is asked",
        |facts| end(facts, RebootMode::RB_AUTOBOOT),
    )
    .ends(&["ENDED EARLY"]),
    Fault::new("fault_halt", "the machine halts and stays on", |facts| {
        end(facts, RebootMode::RB_HALT_SYSTEM)
    })
    .ends(&["HUNG"]),
];

fn end(facts: &mut Facts, mode: RebootMode) -> Result<(), ProbeError> {
    begin(facts)?;
    let Err(errno): Result<Infallible, Errno> = reboot(mode);
    Err(errno.into())
}

/// No signal from inside kills PID 1, so it is made to die by itself: a tracer
/// lets it go on at address 0.
fn kill_init(facts: &mut Facts) -> Result<(), ProbeError> {
    begin(facts)?;
    let init = stop_init()?;
    processor::derail(init)?;
    ptrace::detach(init, None)?;
    // PID 1 is gone, and with it what would report.
    sleep_for_ever()
}
