//! clone(2) onto a new stack.

use nix::errno::Errno;
use nix::libc::{c_int, c_void};
use nix::sched::CloneFlags;
use nix::unistd::Pid;

const STACK: usize = 256 << 10;

/// Calls clone(2) such that the child runs `main(argument)` and ends with it.
///
/// The stack is never freed: a process that shares the memory may outlive the
/// caller, and a probe's process is short-lived.
///
/// # Safety
/// `argument` is valid for `main` for as long as the child lives, and `main`
/// keeps to what is safe in a child of these flags.
pub(super) unsafe fn clone_to(
    flags: CloneFlags,
    main: extern "C" fn(*mut c_void) -> c_int,
    argument: *mut c_void,
    pidfd: *mut c_int,
) -> Result<Pid, Errno> {
    let stack: &'static mut [u128] = vec![0; STACK / size_of::<u128>()].leak();
    let flags = flags.bits() | libc::SIGCHLD;
    // SAFETY: the stack grows down from its end, which is aligned as u128 is;
    // the caller answers for the rest.
    let child = unsafe {
        libc::clone(
            main,
            stack.as_mut_ptr_range().end.cast(),
            flags,
            argument,
            pidfd,
        )
    };
    Errno::result(child).map(Pid::from_raw)
}
