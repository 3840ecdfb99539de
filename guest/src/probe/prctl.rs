//! prctl(2), by the number of what it is to do.

use nix::errno::Errno;
use nix::libc::{c_int, c_long};

use super::call::call;

/// prctl(2) of an option whose arguments are numbers. Those that are not given are 0.
///
/// # Errors
/// EINVAL where the kernel has no such option.
pub fn prctl<const N: usize>(option: c_int, numbers: [c_long; N]) -> Result<c_long, Errno> {
    let mut arguments = [0; 5];
    arguments[0] = option as c_long;
    arguments[1..=N].copy_from_slice(&numbers);
    // SAFETY: the caller gives no pointers.
    unsafe { call(libc::SYS_prctl, arguments) }
}
