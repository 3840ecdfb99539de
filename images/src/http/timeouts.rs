//! How long to wait for servers.

use std::time::Duration;

/// How long to wait for a server.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For its name to resolve.
    pub resolve: Duration,
    /// For a connection, TLS included.
    pub connect: Duration,
    /// From the request to the end of the response's header.
    pub response: Duration,
    /// For the next byte of a body.
    pub stall: Duration,
    /// Over this time a file comes with 1000 bytes a second at least, or not at all.
    pub rate: Duration,
    /// For one file, however slowly it trickles.
    pub file: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(10),
            connect: Duration::from_secs(10),
            response: Duration::from_secs(30),
            stall: Duration::from_secs(20),
            rate: Duration::from_secs(30),
            file: Duration::from_secs(1800),
        }
    }
}
