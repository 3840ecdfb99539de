//! File descriptors that stand for processes.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

use nix::errno::Errno;
use nix::libc::{c_int, c_void};
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::Child;

/// pidfd_open(2).
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn pidfd_open(pid: Pid) -> Result<OwnedFd, Errno> {
    // SAFETY: it takes numbers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let fd = Errno::result(fd)?;
    // SAFETY: it is new, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}

/// pidfd_send_signal(2).
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn pidfd_send_signal(pidfd: &OwnedFd, signal: Signal) -> Result<(), Errno> {
    // SAFETY: it takes numbers, and no siginfo_t.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal as c_int,
            ptr::null::<c_void>(),
            0,
        )
    };
    Errno::result(sent).map(drop)
}

/// clone(2) with CLONE_PIDFD and more flags. There is no descriptor where the
/// kernel does not know the flag, which it then ignores.
pub fn clone_with_pidfd(flags: CloneFlags) -> Result<(Child, Option<OwnedFd>), Errno> {
    let mut pidfd: c_int = -1;
    let flags = flags | CloneFlags::from_bits_retain(libc::CLONE_PIDFD);
    let child = Child::clone_telling(flags, Some(&mut pidfd))?;
    // SAFETY: if it was written, it is a new descriptor that nothing else owns.
    let pidfd = (pidfd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(pidfd) });
    Ok((child, pidfd))
}
