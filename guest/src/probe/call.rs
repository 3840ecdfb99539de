//! System calls for which the C library has no function.

use std::fmt;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc::{c_int, c_long};

use crate::claims::Facts;

/// Makes a system call by its number.
///
/// # Safety
/// What the call asks of its arguments.
///
/// # Errors
/// The call's; ENOSYS where the kernel has none of the number.
pub unsafe fn call<const N: usize>(
    number: c_long,
    arguments: [c_long; N],
) -> Result<c_long, Errno> {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: as the caller says.
    Errno::result(unsafe { libc::syscall(number, a, b, c, d, e, f) })
}

/// The address of something, as an argument of a [`call`].
pub fn address<T: ?Sized>(of: &T) -> c_long {
    std::ptr::from_ref(of).cast::<()>() as c_long
}

/// The same of something that the call writes to.
pub fn address_mut<T: ?Sized>(of: &mut T) -> c_long {
    std::ptr::from_mut(of).cast::<()>() as c_long
}

/// The descriptor that a [`call`] made.
///
/// # Safety
/// The call succeeded, makes a descriptor, and was asked once.
pub unsafe fn new_descriptor(returned: c_long) -> OwnedFd {
    // SAFETY: as the caller says.
    unsafe { OwnedFd::from_raw_fd(returned as c_int) }
}

/// Makes a system call that returns a new descriptor.
///
/// # Safety
/// As [`call`].
pub(super) unsafe fn descriptor_of<const N: usize>(
    number: c_long,
    arguments: [c_long; N],
) -> Result<OwnedFd, Errno> {
    // SAFETY: as the caller says; the descriptor is new.
    unsafe { Ok(new_descriptor(call(number, arguments)?)) }
}

/// The errno of an error of the standard library.
#[must_use]
pub fn errno_of(error: io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

impl Facts<'_> {
    /// Reports the number that a call returned, or the name of its errno.
    pub fn saw_count(&mut self, name: &str, result: Result<impl fmt::Display, Errno>) {
        match result {
            Ok(count) => self.saw(name, count),
            Err(errno) => self.saw(name, format_args!("{errno:?}")),
        }
    }
}
