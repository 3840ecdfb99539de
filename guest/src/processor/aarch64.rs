//! arm64.

use std::arch::asm;
use std::convert::Infallible;

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;

use super::InterruptSwitch;

/// `GICD_CTLR` of the interrupt controller of QEMU's machine `virt` (a GICv2), whose
/// lowest two bits let interrupts through.
pub(crate) const INTERRUPT_SWITCH: InterruptSwitch = InterruptSwitch {
    page: 0x0800_0000,
    register: 0,
    on: 0b11,
};

/// No process may do that here.
pub(crate) fn interrupts_off() -> Result<Infallible, Errno> {
    Err(Errno::ENOSYS)
}

/// Executes what is no instruction.
pub(crate) fn illegal_instruction() -> ! {
    // SAFETY: the process ends there.
    unsafe { asm!("udf #0", options(noreturn)) }
}

/// The number of the system call at which a tracee has stopped: it is in x8.
pub(crate) fn call_of(tracee: Pid) -> Result<u64, Errno> {
    ptrace::getregs(tracee).map(|registers| registers.regs[8])
}

/// Lets a tracee that is stopped within no system call go on at address 0.
pub(crate) fn derail(tracee: Pid) -> Result<(), Errno> {
    let mut registers = ptrace::getregs(tracee)?;
    registers.pc = 0;
    ptrace::setregs(tracee, registers)
}
