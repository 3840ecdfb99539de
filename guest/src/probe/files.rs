//! Calls about files for which the C library has no function, or not everywhere.

use std::ffi::CStr;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::libc::{c_int, c_long, c_uint};

use super::call::{address, address_mut, call, new_descriptor};

/// copy_file_range(2) of at most 100 bytes, from where both files are.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn copy_file_range(from: &File, to: &File, flags: c_long) -> Result<c_long, Errno> {
    let (from, to) = (from.as_raw_fd().into(), to.as_raw_fd().into());
    // SAFETY: it takes numbers, and no offsets.
    unsafe { call(libc::SYS_copy_file_range, [from, 0, to, 0, 100, flags]) }
}

/// statx(2).
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn statx(path: &CStr, flags: c_int, what: c_uint) -> Result<libc::statx, Errno> {
    // SAFETY: all zeroes is a valid value of plain numbers.
    let mut found: libc::statx = unsafe { std::mem::zeroed() };
    let (flags, what) = (flags.into(), what.into());
    let found_at = address_mut(&mut found);
    let arguments = [
        libc::AT_FDCWD.into(),
        path.as_ptr() as c_long,
        flags,
        what,
        found_at,
    ];
    // SAFETY: the path ends with a zero, and there is room for what is found.
    unsafe { call(libc::SYS_statx, arguments) }.map(|_| found)
}

/// openat2(2) for reading. `how` is what the call takes: flags, mode, how to
/// resolve, and perhaps more.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn openat2(path: &CStr, how: &[u64]) -> Result<OwnedFd, Errno> {
    let size = size_of_val(how) as c_long;
    let arguments = [
        libc::AT_FDCWD.into(),
        path.as_ptr() as c_long,
        address(how),
        size,
    ];
    // SAFETY: the path ends with a zero, and `how` is as long as it is said to be.
    let fd = unsafe { call(libc::SYS_openat2, arguments) }?;
    // SAFETY: the call made it.
    Ok(unsafe { new_descriptor(fd) })
}

/// renameat2(2) in one directory.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn renameat2(directory: &Path, from: &CStr, to: &CStr, flags: c_uint) -> Result<(), Errno> {
    let path = |name: &CStr| {
        let mut path = directory.as_os_str().as_bytes().to_vec();
        path.push(b'/');
        path.extend(name.to_bytes_with_nul());
        path
    };
    let (from, to) = (path(from), path(to));
    let here = c_long::from(libc::AT_FDCWD);
    let arguments = [
        here,
        address(&from[..]),
        here,
        address(&to[..]),
        flags.into(),
    ];
    // SAFETY: both paths end with a zero.
    unsafe { call(libc::SYS_renameat2, arguments) }.map(drop)
}

/// preadv2(2) of one byte, from where the file is.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn preadv2(file: &impl AsRawFd, flags: c_int) -> Result<c_long, Errno> {
    let mut byte = 0_u8;
    let to = libc::iovec {
        iov_base: (&raw mut byte).cast(),
        iov_len: 1,
    };
    let arguments = [
        file.as_raw_fd().into(),
        address(&to),
        1,
        -1,
        -1,
        flags.into(),
    ];
    // SAFETY: there is room for a byte.
    unsafe { call(libc::SYS_preadv2, arguments) }
}

/// pwritev2(2) of one byte, to the beginning.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn pwritev2(file: &impl AsRawFd, byte: u8, flags: c_int) -> Result<c_long, Errno> {
    let from = libc::iovec {
        iov_base: (&raw const byte).cast_mut().cast(),
        iov_len: 1,
    };
    let arguments = [
        file.as_raw_fd().into(),
        address(&from),
        1,
        0,
        0,
        flags.into(),
    ];
    // SAFETY: there is one byte to write.
    unsafe { call(libc::SYS_pwritev2, arguments) }
}
