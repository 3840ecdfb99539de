//! PID 1's precedence over the programs that it starts.

use nix::errno::Errno;

/// linux/sched.h; the C library has no name for it on each target.
const SCHED_RESET_ON_FORK: libc::c_int = 0x4000_0000;

/// Has PID 1 run as soon as it can, before any program: what a program writes is carried
/// before it can end the kernel, where there is one processor. The programs do not inherit it
/// (sched(7), since 2.6.32).
pub(super) fn take() -> Result<(), Errno> {
    let priority: libc::c_int = 1;
    let policy = libc::SCHED_FIFO | SCHED_RESET_ON_FORK;
    // musl has no such function. SAFETY: the call reads a sched_param of Linux, which is an int.
    let set =
        unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const priority) };
    Errno::result(set).map(drop)
}
