use nix::errno::Errno;

/// Gives this process a scheduling policy and a priority (sched_setscheduler(2)); musl has
/// no such function.
pub(crate) fn set_scheduler(policy: libc::c_int, priority: libc::c_int) -> Result<(), Errno> {
    // SAFETY: the call reads a sched_param of Linux, which is an int.
    let set =
        unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const priority) };
    Errno::result(set).map(drop)
}
