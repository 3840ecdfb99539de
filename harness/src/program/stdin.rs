//! What a program reads.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How long nothing may come for input to count as one that takes its time, and
/// not as one that is about to end.
const PAUSE: Duration = Duration::from_millis(250);
/// How much input is read ahead, in bytes.
const AHEAD: usize = 32 << 20;

/// Where a program's input comes from.
#[derive(Debug, Default)]
pub enum Stdin {
    /// There is none.
    #[default]
    Null,
    /// These bytes. They travel with the program and cost no time in the guest.
    Bytes(Vec<u8>),
    /// Bytes that are there already, which travel with the program, and then
    /// whatever this file gives, as it comes: a pipe, a terminal, a socket.
    Stream(Vec<u8>, OwnedFd),
}

impl Stdin {
    /// What this process reads. What a file still holds is read at once, and so
    /// is a pipe as long as it keeps giving: the console is slow.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn inherited() -> io::Result<Self> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let metadata = file.metadata()?;
        let kind = metadata.file_type();
        // /dev/null and its like are not waited for.
        if kind.is_char_device() && metadata.rdev() == libc::makedev(1, 3) {
            Ok(Self::Null)
        } else if kind.is_file() {
            Self::whole(file)
        } else if file.is_terminal() {
            Ok(Self::Stream(Vec::new(), file.into()))
        } else {
            Self::ahead(file)
        }
    }

    /// Reads until there is a pause, or no more.
    fn ahead(mut file: File) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        while bytes.len() < AHEAD && is_ready(&file)? {
            match file.read(&mut buffer)? {
                0 => return Ok(Self::Bytes(bytes)),
                length => bytes.extend(&buffer[..length]),
            }
        }
        Ok(Self::Stream(bytes, file.into()))
    }

    /// The same for several programs: what comes is read to its end. A terminal,
    /// which has no end, gives nothing.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn shared() -> io::Result<Self> {
        match Self::inherited()? {
            Self::Stream(_, file) if file.is_terminal() => Ok(Self::Null),
            Self::Stream(mut bytes, file) => {
                File::from(file).read_to_end(&mut bytes)?;
                Ok(Self::Bytes(bytes))
            }
            stdin => Ok(stdin),
        }
    }

    /// Another of its kind; none of a stream.
    #[must_use]
    pub fn duplicate(&self) -> Option<Self> {
        match self {
            Self::Null => Some(Self::Null),
            Self::Bytes(bytes) => Some(Self::Bytes(bytes.clone())),
            Self::Stream(..) => None,
        }
    }

    fn whole(mut file: File) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Self::Bytes(bytes))
    }

    pub(super) fn kind(&self) -> guest::Stdin {
        match self {
            Self::Null => guest::Stdin::Null,
            Self::Bytes(_) => guest::Stdin::File,
            Self::Stream(..) => guest::Stdin::Console,
        }
    }

    /// The bytes that travel with the program.
    pub(super) fn at_hand(&self) -> &[u8] {
        match self {
            Self::Null => &[],
            Self::Bytes(bytes) | Self::Stream(bytes, _) => bytes,
        }
    }
}

/// Whether there is something to be read, or an end, before a pause is over.
fn is_ready(file: &File) -> io::Result<bool> {
    let pause = PollTimeout::try_from(PAUSE).unwrap_or(PollTimeout::MAX);
    loop {
        match poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], pause) {
            Err(Errno::EINTR) => {}
            result => return Ok(result? > 0),
        }
    }
}

impl From<Vec<u8>> for Stdin {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_pipe_is_read_until_it_pauses() {
        let (read, mut write) = io::pipe().unwrap();
        write.write_all(b"early").unwrap();
        let stdin = Stdin::ahead(File::from(OwnedFd::from(read))).unwrap();
        assert_eq!(stdin.at_hand(), b"early");
        let Stdin::Stream(_, rest) = stdin else {
            panic!("{stdin:?} is no stream")
        };
        write.write_all(b"late").unwrap();
        drop(write);
        let stdin = Stdin::ahead(rest.into()).unwrap();
        assert!(matches!(stdin, Stdin::Bytes(bytes) if bytes == b"late"));
    }
}
