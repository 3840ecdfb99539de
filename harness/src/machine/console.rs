//! The serial console as a socket.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};

use crate::system::patience;

/// The host's end of a serial console.
#[derive(Debug)]
pub struct Console {
    socket: UnixStream,
    /// Bytes that the socket has not taken yet.
    unwritten: Vec<u8>,
}

/// The result of reading a console.
#[derive(Debug, PartialEq, Eq)]
pub enum ConsoleRead {
    /// This many bytes, at the beginning of the buffer.
    Bytes(usize),
    /// The other end is closed: QEMU has exited.
    End,
    /// One of the other files can be read, by its number.
    Other(usize),
    /// The deadline passed.
    Nothing,
}

impl Console {
    /// The console at the other end of a socket.
    ///
    /// # Errors
    /// If the socket cannot be made non-blocking.
    pub fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            unwritten: Vec::new(),
        })
    }

    /// Reads what has come, or waits until `deadline`; for ever without one (an
    /// interactive session). Also returns when one of the other files can be read.
    ///
    /// # Errors
    /// If the console cannot be read or written.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
        deadline: Option<Instant>,
        others: &[BorrowedFd<'_>],
    ) -> io::Result<ConsoleRead> {
        loop {
            let mut interest = PollFlags::POLLIN;
            interest.set(PollFlags::POLLOUT, !self.unwritten.is_empty());
            let mut wanted = vec![PollFd::new(self.socket.as_fd(), interest)];
            wanted.extend(
                others
                    .iter()
                    .map(|&file| PollFd::new(file, PollFlags::POLLIN)),
            );
            match poll(&mut wanted, patience(deadline)) {
                Ok(0) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                    return Ok(ConsoleRead::Nothing);
                }
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(errno) => return Err(errno.into()),
            }
            let other = wanted[1..].iter().position(|one| one.any() == Some(true));
            let ready = wanted[0].revents().unwrap_or(PollFlags::empty());
            if ready.contains(PollFlags::POLLOUT) {
                self.write_on()?;
            }
            // The others first: a console may never pause.
            if let Some(number) = other {
                return Ok(ConsoleRead::Other(number));
            }
            if ready.intersects(!PollFlags::POLLOUT) {
                match self.socket.read(buffer) {
                    Ok(0) => return Ok(ConsoleRead::End),
                    Ok(length) => return Ok(ConsoleRead::Bytes(length)),
                    // QEMU ended before it had read all of its input.
                    Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                        return Ok(ConsoleRead::End);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Writes what the socket takes; `read` writes the rest.
    ///
    /// # Errors
    /// If the console cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.unwritten.extend(bytes);
        self.write_on()
    }

    fn write_on(&mut self) -> io::Result<()> {
        while !self.unwritten.is_empty() {
            match self.socket.write(&self.unwritten) {
                Ok(length) => drop(self.unwritten.drain(..length)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The machine is gone: the next read says so.
                Err(error) if is_gone(&error) => self.unwritten.clear(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
    )
}
