//! The loopback interface.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

/// Switches the loopback interface on: a program may want to speak with itself.
/// A kernel without a network has none.
pub(crate) fn bring_loopback_up() -> io::Result<()> {
    // Any socket will do to ask with (netdevice(7)).
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: all zeroes is an ifreq without a name.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l'.cast_signed();
    request.ifr_name[1] = b'o'.cast_signed();
    request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: the request reads an ifreq, which is there for the call.
    match unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &request) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
