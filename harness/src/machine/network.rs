//! The network of a machine, which QEMU carries to this host's (user mode).

use std::fmt::{self, Display, Formatter};
use std::num::NonZeroU16;
use std::str::FromStr;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::monitor::Monitor;

/// A network of its own, from which this host's is reached, and the ports at which this
/// host reaches the guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Ports of the guest that are ports of this host's loopback interface.
    pub published: Vec<PublishedPort>,
}

/// A port of this host that leads to one of the guest (TCP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedPort {
    /// The port on this host.
    pub host: NonZeroU16,
    /// The port on the guest.
    pub guest: NonZeroU16,
}

impl FromStr for PublishedPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, guest) = text.split_once(':').unwrap_or((text, text));
        match (host.parse(), guest.parse()) {
            (Ok(host), Ok(guest)) => Ok(Self { host, guest }),
            _ => Err("write a port of this host and one of the guest, as 8080:80".to_owned()),
        }
    }
}

impl Display for PublishedPort {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.guest)
    }
}

impl Network {
    /// Attaches it to a running machine.
    pub(super) fn attach(&self, monitor: &mut Monitor) -> Result<()> {
        monitor.greet()?;
        let ports = self.published.iter();
        let ports: Vec<Value> = ports
            .map(|port| json!({ "str": format!("tcp:127.0.0.1:{}-:{}", port.host, port.guest) }))
            .collect();
        let network = json!({ "type": "user", "id": "network", "hostfwd": ports });
        monitor
            .execute("netdev_add", network)
            .context("opening the network: is a port of --publish in use?")?;
        // Without a program to boot from it, which QEMU may lack.
        let device = json!({
            "driver": "virtio-net-pci", "netdev": "network", "id": "network-device", "romfile": "",
        });
        monitor.add_device(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_the_guest_has_one_of_this_host() {
        let port = |text: &str| {
            text.parse::<PublishedPort>()
                .map(|it| (it.host.get(), it.guest.get()))
        };
        assert_eq!(port("8080:80"), Ok((8080, 80)));
        assert_eq!(port("80"), Ok((80, 80)));
        for text in ["", ":", "0", "80:", "65536", "a:b", "1:2:3", "127.0.0.1:80"] {
            assert!(port(text).unwrap_err().contains("8080:80"), "{text}");
        }
    }
}
