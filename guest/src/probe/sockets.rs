//! Options of sockets.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::libc::{c_int, c_long};

use super::call::{call, descriptor_of};

/// setsockopt(2) of an option that is a number.
///
/// # Errors
/// ENOPROTOOPT where the kernel has no such option.
pub fn set_socket_option(
    socket: &impl AsRawFd,
    level: c_int,
    option: c_int,
    value: c_int,
) -> Result<(), Errno> {
    let arguments = [
        number(socket.as_raw_fd()),
        number(level),
        number(option),
        (&raw const value) as c_long,
        size_of_val(&value) as c_long,
    ];
    // SAFETY: it reads one number.
    unsafe { call(libc::SYS_setsockopt, arguments) }.map(drop)
}

/// getsockopt(2) at the level of sockets.
///
/// # Errors
/// ENOPROTOOPT where the kernel has no such option.
pub fn get_socket_option(
    socket: &impl AsRawFd,
    option: c_int,
    value: &mut [u8],
) -> Result<(), Errno> {
    let mut length = value.len() as libc::socklen_t;
    let arguments = [
        number(socket.as_raw_fd()),
        number(libc::SOL_SOCKET),
        number(option),
        value.as_mut_ptr() as c_long,
        (&raw mut length) as c_long,
    ];
    // SAFETY: it writes no more than it is told, and how much that is.
    unsafe { call(libc::SYS_getsockopt, arguments) }.map(drop)
}

/// getsockopt(2) at the level of sockets, of an option that is a new descriptor.
///
/// # Errors
/// As [`get_socket_option`].
pub fn socket_option_descriptor(socket: &impl AsRawFd, option: c_int) -> Result<OwnedFd, Errno> {
    let mut fd = [0; size_of::<RawFd>()];
    get_socket_option(socket, option, &mut fd)?;
    // SAFETY: it is new, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(RawFd::from_ne_bytes(fd)) })
}

/// A socket to talk with the kernel about the network.
pub fn netlink_socket() -> Result<OwnedFd, Errno> {
    let arguments = [libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE].map(number);
    // SAFETY: it takes numbers.
    unsafe { descriptor_of(libc::SYS_socket, arguments) }
}

const fn number(number: c_int) -> c_long {
    number as c_long
}
