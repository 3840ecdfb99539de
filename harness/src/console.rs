//! The serial console: bytes, and never a wait without a deadline.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The host's end of a serial console.
#[derive(Debug)]
pub struct Console {
    terminal: File,
}

/// What came of reading a console.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// So many bytes, at the beginning of the buffer.
    Bytes(usize),
    /// The other end is closed: QEMU has exited.
    End,
    /// The deadline passed.
    Nothing,
}

impl Console {
    /// The console behind the master side of a pseudo-terminal.
    #[must_use]
    pub fn new(terminal: File) -> Self {
        Self { terminal }
    }

    /// Reads what there is, waiting for it until `deadline` at most.
    ///
    /// # Errors
    /// Where the terminal cannot be read.
    pub fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> io::Result<Heard> {
        loop {
            let patience = deadline.saturating_duration_since(Instant::now());
            // Rounded up, so as not to spin through the last millisecond.
            let patience = PollTimeout::try_from(patience + Duration::from_millis(1))
                .unwrap_or(PollTimeout::MAX);
            let mut ready = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
            match poll(&mut ready, patience) {
                Ok(0) if Instant::now() >= deadline => return Ok(Heard::Nothing),
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(errno) => return Err(errno.into()),
            }
            return match self.terminal.read(buffer) {
                Ok(0) => Ok(Heard::End),
                Ok(length) => Ok(Heard::Bytes(length)),
                // What Linux says of a terminal whose other side is closed.
                Err(error) if error.raw_os_error() == Some(libc::EIO) => Ok(Heard::End),
                Err(error) => Err(error),
            };
        }
    }
}
