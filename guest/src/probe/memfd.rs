//! Files in memory.

use std::os::fd::OwnedFd;

use nix::errno::Errno;

use super::call::{address, call, new_descriptor};

/// memfd_create(2) with any flags.
///
/// # Errors
/// ENOSYS where the kernel has no such call, EINVAL where it does not know a flag.
pub fn memfd_create(flags: u32) -> Result<OwnedFd, Errno> {
    let arguments = [address(c"strata"), flags.into()];
    // SAFETY: the name ends with a zero.
    let fd = unsafe { call(libc::SYS_memfd_create, arguments) }?;
    // SAFETY: the call made it.
    Ok(unsafe { new_descriptor(fd) })
}
