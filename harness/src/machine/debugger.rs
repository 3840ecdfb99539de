//! Where a debugger attaches to a kernel.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use anyhow::{Context, Result};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use crate::system::anonymous;

/// A socket at which a debugger may attach to a kernel.
#[derive(Debug)]
pub struct Debugger {
    listener: UnixListener,
    /// The unlinked socket, opened by its inode.
    door: OwnedFd,
}

impl Debugger {
    /// Begins to listen.
    ///
    /// # Errors
    /// If there is no place for temporary files: binding a socket takes a name.
    pub fn listen() -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("strata-")
            .tempdir()
            .context("creating a temporary directory")?;
        let name = dir.path().join("gdb");
        let listener = UnixListener::bind(&name).context("listening for a debugger")?;
        let door = open(&name, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())
            .context("keeping the debugger's socket")?;
        Ok(Self { listener, door })
        // The directory is removed here. The open descriptor still leads to the socket.
    }

    /// The path for gdb's `target remote`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        anonymous::path(&self.door)
    }

    /// The descriptor of the listening socket.
    pub(crate) fn number(&self) -> RawFd {
        self.listener.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_debugger_finds_a_socket_without_a_name() {
        let debugger = Debugger::listen().unwrap();
        let mut gdb = UnixStream::connect(debugger.path()).unwrap();
        let (mut qemu, _) = debugger.listener.accept().unwrap();
        gdb.write_all(b"?").unwrap();
        drop(gdb);
        let mut heard = String::new();
        qemu.read_to_string(&mut heard).unwrap();
        assert_eq!(heard, "?");
    }
}
