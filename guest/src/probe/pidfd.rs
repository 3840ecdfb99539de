//! File descriptors that stand for processes.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use nix::errno::Errno;
use nix::libc::{c_int, c_long, c_uint, c_void};
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::Child;
use super::call::{call, descriptor_of};

/// pidfd_open(2).
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn pidfd_open(pid: Pid) -> Result<OwnedFd, Errno> {
    pidfd_open_with(pid, 0)
}

/// pidfd_open(2) with flags.
///
/// # Errors
/// As [`pidfd_open`]; EINVAL where the kernel does not know the flags.
pub fn pidfd_open_with(pid: Pid, flags: c_uint) -> Result<OwnedFd, Errno> {
    let arguments = [pid.as_raw() as c_long, flags as c_long];
    // SAFETY: it takes numbers.
    unsafe { descriptor_of(libc::SYS_pidfd_open, arguments) }
}

/// pidfd_getfd(2): a copy of a descriptor of a process.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn pidfd_getfd(pidfd: &OwnedFd, theirs: RawFd) -> Result<OwnedFd, Errno> {
    let arguments = [pidfd.as_raw_fd(), theirs, 0].map(|fd| fd as c_long);
    // SAFETY: it takes numbers.
    unsafe { descriptor_of(libc::SYS_pidfd_getfd, arguments) }
}

/// What ioctl(PIDFD_GET_INFO) says is the PID of a process.
///
/// # Errors
/// ENOTTY or EINVAL where the kernel has no such ioctl(2).
pub fn pid_of_pidfd(pidfd: &OwnedFd) -> Result<Pid, Errno> {
    const PIDFD_GET_INFO: c_long = 0xc040_ff0b;
    // The kernel's `struct pidfd_info`: a mask, a cgroup, and then the PID.
    let mut told = [0_u32; 16];
    let arguments = [
        pidfd.as_raw_fd() as c_long,
        PIDFD_GET_INFO,
        told.as_mut_ptr() as c_long,
    ];
    // SAFETY: it writes 64 bytes, the length in its number.
    unsafe { call(libc::SYS_ioctl, arguments) }?;
    Ok(Pid::from_raw(told[4].cast_signed()))
}

/// pidfd_send_signal(2).
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn pidfd_send_signal(pidfd: &OwnedFd, signal: Signal) -> Result<(), Errno> {
    pidfd_send_signal_to(pidfd.as_raw_fd(), signal, 0)
}

/// pidfd_send_signal(2) with flags to a descriptor by its number, which may be one that is
/// never open.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn pidfd_send_signal_to(pidfd: RawFd, signal: Signal, flags: c_uint) -> Result<(), Errno> {
    // SAFETY: it takes numbers, and no siginfo_t.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd,
            signal as c_int,
            ptr::null::<c_void>(),
            flags,
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
