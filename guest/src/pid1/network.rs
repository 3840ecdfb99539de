//! The network: the loopback interface, and one that the host was asked for.

use std::ffi::{c_char, c_short, c_ulong};
use std::fs;
use std::io;
use std::mem::{transmute, zeroed};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::errno::Errno;

use super::appearance::await_entry;

/// Where the kernel lists its interfaces.
const INTERFACES: &str = "/sys/class/net";
/// What QEMU's user-mode network has by default (its documentation, "Network emulation").
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
/// Where names are resolved.
pub(super) const NAMESERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);

/// Switches the loopback interface on: a program may want to speak with itself.
/// A kernel without a network has none.
pub(crate) fn bring_loopback_up() -> io::Result<()> {
    Interface::of("lo")?.switch_on()
}

/// Switches the other interface on, and gives it an address and a way out. The error says
/// what is missing.
pub(crate) fn bring_up() -> Result<(), String> {
    // Some kernels have tunnels from the beginning.
    let is_device = |name: &str| fs::exists(format!("{INTERFACES}/{name}/device")).unwrap_or(false);
    let name = await_entry(INTERFACES, "virtio-net", is_device)?;
    let configure = || {
        let interface = Interface::of(&name)?;
        interface.set(libc::SIOCSIFADDR, ADDRESS)?;
        interface.set(libc::SIOCSIFNETMASK, MASK)?;
        interface.switch_on()?;
        match interface.leads_out_by(GATEWAY) {
            // An earlier program had it, too.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            leads => leads,
        }
    };
    configure().map_err(|error: io::Error| format!("{name}: {error}"))
}

/// An interface (netdevice(7)).
struct Interface {
    /// Any socket will do to ask with.
    socket: UdpSocket,
    request: libc::ifreq,
}

impl Interface {
    fn of(name: &str) -> io::Result<Self> {
        // SAFETY: all zeroes is an ifreq without a name.
        let mut request: libc::ifreq = unsafe { zeroed() };
        let name = name.bytes().take(libc::IFNAMSIZ - 1);
        for (to, from) in request.ifr_name.iter_mut().zip(name) {
            *to = c_char::from_ne_bytes([from]);
        }
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        Ok(Self { socket, request })
    }

    fn switch_on(&self) -> io::Result<()> {
        let mut request = self.request;
        request.ifr_ifru.ifru_flags = libc::IFF_UP as c_short;
        self.ask(libc::SIOCSIFFLAGS, &request)
    }

    fn set(&self, what: c_ulong, address: Ipv4Addr) -> io::Result<()> {
        let mut request = self.request;
        request.ifr_ifru.ifru_addr = address_of(address);
        self.ask(what, &request)
    }

    /// The way to all that is not beside it (rtnetlink is not needed for that).
    fn leads_out_by(&self, gateway: Ipv4Addr) -> io::Result<()> {
        // SAFETY: all zeroes is a route.
        let mut route: libc::rtentry = unsafe { zeroed() };
        route.rt_dst = address_of(Ipv4Addr::UNSPECIFIED);
        route.rt_genmask = address_of(Ipv4Addr::UNSPECIFIED);
        route.rt_gateway = address_of(gateway);
        route.rt_flags = libc::RTF_UP | libc::RTF_GATEWAY;
        self.ask(libc::SIOCADDRT, &route)
    }

    fn ask<T>(&self, what: c_ulong, of: &T) -> io::Result<()> {
        // SAFETY: the request reads what is of its type, which is there for the call.
        let done = unsafe { libc::ioctl(self.socket.as_raw_fd(), what as _, of) };
        Ok(Errno::result(done).map(drop)?)
    }
}

fn address_of(address: Ipv4Addr) -> libc::sockaddr {
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: 0,
        sin_addr: libc::in_addr {
            s_addr: u32::from(address).to_be(),
        },
        sin_zero: [0; 8],
    };
    // SAFETY: both have 16 bytes, and an address of any family is a sockaddr.
    unsafe { transmute(address) }
}
