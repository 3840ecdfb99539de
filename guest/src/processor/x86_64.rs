//! x86-64.

use std::arch::asm;
use std::convert::Infallible;

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;

use super::InterruptSwitch;

/// The spurious-interrupt vector register of the local APIC, whose bit 8 switches the
/// APIC on.
pub(crate) const INTERRUPT_SWITCH: InterruptSwitch = InterruptSwitch {
    page: 0xFEE0_0000,
    register: 0xF0,
    on: 1 << 8,
};

/// Keeps interrupts off in this process, as kernels before 5.5 let it.
pub(crate) fn interrupts_off() -> Result<Infallible, Errno> {
    // SAFETY: the call takes a number, and after the instruction comes nothing that
    // would need interrupts.
    unsafe {
        Errno::result(libc::iopl(3))?;
        asm!("cli");
    }
    loop {
        std::hint::spin_loop();
    }
}

/// Executes what is no instruction.
pub(crate) fn illegal_instruction() -> ! {
    // SAFETY: the process ends there.
    unsafe { asm!("ud2", options(noreturn)) }
}

/// The number of the system call at which a tracee has stopped.
pub(crate) fn call_of(tracee: Pid) -> Result<u64, Errno> {
    ptrace::getregs(tracee).map(|registers| registers.orig_rax)
}

/// Lets a tracee that is stopped within no system call go on at address 0.
pub(crate) fn derail(tracee: Pid) -> Result<(), Errno> {
    let mut registers = ptrace::getregs(tracee)?;
    registers.rip = 0;
    // No call is started again.
    registers.orig_rax = u64::MAX;
    ptrace::setregs(tracee, registers)
}
