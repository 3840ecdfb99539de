//! What a program reads.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};

/// Where a program's input comes from.
#[derive(Debug, Default)]
pub enum Stdin {
    /// There is none.
    #[default]
    Null,
    /// These bytes. They travel with the program and cost no time in the guest.
    Bytes(Vec<u8>),
    /// Whatever this file gives, as it comes: a pipe, a terminal, a socket.
    Stream(OwnedFd),
}

impl Stdin {
    /// What this process reads. What a file still holds is read at once.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn inherited() -> io::Result<Self> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let metadata = file.metadata()?;
        let kind = metadata.file_type();
        if kind.is_file() {
            return Self::whole(file);
        }
        // /dev/null and its like are not waited for.
        let null = kind.is_char_device() && metadata.rdev() == libc::makedev(1, 3);
        Ok(if null {
            Self::Null
        } else {
            Self::Stream(file.into())
        })
    }

    /// The same for several programs: what comes is read to its end. A terminal,
    /// which has no end, gives nothing.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn shared() -> io::Result<Self> {
        match Self::inherited()? {
            Self::Stream(file) if file.is_terminal() => Ok(Self::Null),
            Self::Stream(file) => Self::whole(file.into()),
            stdin => Ok(stdin),
        }
    }

    /// Another of its kind; none of a stream.
    #[must_use]
    pub fn duplicate(&self) -> Option<Self> {
        match self {
            Self::Null => Some(Self::Null),
            Self::Bytes(bytes) => Some(Self::Bytes(bytes.clone())),
            Self::Stream(_) => None,
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
            Self::Stream(_) => guest::Stdin::Console,
        }
    }

    /// How many bytes travel with the program.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Null | Self::Stream(_) => 0,
        }
    }
}

impl From<Vec<u8>> for Stdin {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}
