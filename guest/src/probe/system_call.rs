//! System calls that neither nix nor libc has a function for.

use std::ffi::c_long;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc::c_int;

/// Makes a system call by its number.
///
/// # Safety
/// The pointers among the arguments are valid for what the call does with them.
pub(super) unsafe fn system_call<const N: usize>(
    number: c_long,
    arguments: [usize; N],
) -> Result<usize, Errno> {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: the caller answers for the arguments; the kernel ignores those in excess.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    Errno::result(result)
        .map(c_long::cast_unsigned)
        .map(|result| result as usize)
}

/// Makes a system call that returns a new descriptor.
///
/// # Safety
/// As [`system_call`].
pub(super) unsafe fn descriptor_of<const N: usize>(
    number: c_long,
    arguments: [usize; N],
) -> Result<OwnedFd, Errno> {
    // SAFETY: the caller answers for the arguments.
    let fd = unsafe { system_call(number, arguments) }?;
    // SAFETY: it is new, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}

/// The errno of an error of the standard library.
#[must_use]
pub fn errno_of(error: io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}
