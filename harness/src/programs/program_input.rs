//! A program's input.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::input_frames::Coming;
use super::spool::Spool;
use crate::system::first_ready;

/// The pause after which stdin is streamed instead of read ahead.
const PAUSE: Duration = Duration::from_millis(250);
/// How long input is read ahead that does not pause.
const LONGEST: Duration = Duration::from_secs(2);
/// How much input is read ahead, in bytes.
const AHEAD: usize = 32 << 20;

/// Where a program's input comes from.
#[derive(Debug, Default)]
pub enum Input {
    /// There is none.
    #[default]
    Null,
    /// These bytes. They travel with the program and cost no time in the guest.
    Bytes(Vec<u8>),
    /// Bytes that are known before the boot and travel with the program, then what this
    /// file (a pipe, a terminal, a socket) gives while the program runs.
    Stream(Vec<u8>, OwnedFd),
}

impl Input {
    /// This process's stdin. It is read ahead until it pauses, since the console is slow
    /// where there is no shared memory. Of endless or huge input, the beginning is read
    /// ahead, and the rest while the program reads it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn inherited() -> io::Result<Self> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        // No wait for a pause.
        if is_null(&file)? {
            Ok(Self::Null)
        } else if file.is_terminal() {
            Ok(Self::Stream(Vec::new(), file.into()))
        } else {
            Self::ahead(file, AHEAD)
        }
    }

    /// This process's stdin, for a program whose machine is up and shares memory: none of
    /// it is read ahead.
    ///
    /// # Errors
    /// If it cannot be looked at.
    pub fn streamed() -> io::Result<Self> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(match is_null(&file)? {
            true => Self::Null,
            false => Self::Stream(Vec::new(), file.into()),
        })
    }

    /// Reads until a pause, a limit, or the end.
    fn ahead(mut file: File, most: usize) -> io::Result<Self> {
        let started = Instant::now();
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        while bytes.len() < most
            && started.elapsed() < LONGEST
            && first_ready(&[file.as_fd()], Some(Instant::now() + PAUSE))?.is_some()
        {
            match file.read(&mut buffer)? {
                0 => return Ok(Self::Bytes(bytes)),
                length => bytes.extend(&buffer[..length]),
            }
        }
        Ok(Self::Stream(bytes, file.into()))
    }

    /// The kind of stdin in the guest, the bytes that are packed, and the rest that
    /// comes later.
    pub(super) fn taken_apart(self) -> (guest::Stdin, Vec<u8>, Option<Coming>) {
        match self {
            Self::Null => (guest::Stdin::Null, Vec::new(), None),
            Self::Bytes(bytes) => (guest::Stdin::File, bytes, None),
            Self::Stream(bytes, file) => {
                let file = file.into();
                let coming = Coming { file, spool: None };
                (guest::Stdin::Console, bytes, Some(coming))
            }
        }
    }
}

/// Whether it is /dev/null, which is empty.
fn is_null(file: &File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    Ok(kind.is_char_device() && metadata.rdev() == libc::makedev(1, 3))
}

/// The input of several programs, each of which reads all of it.
#[derive(Debug)]
pub struct SharedInput {
    pub(super) kind: guest::Stdin,
    /// The bytes that are packed with each program.
    pub(super) at_hand: Vec<u8>,
    rest: Option<Arc<Spool>>,
}

impl SharedInput {
    /// This process's stdin. A terminal counts as empty. Input that comes later reaches
    /// the programs while they run.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn inherited() -> io::Result<Self> {
        if io::stdin().is_terminal() {
            return Self::of(Input::Null);
        }
        Self::of(Input::inherited()?)
    }

    /// Shares an input.
    ///
    /// # Errors
    /// If there is no place for temporary files.
    pub fn of(stdin: Input) -> io::Result<Self> {
        let (kind, at_hand, coming) = stdin.taken_apart();
        let rest = coming.map(|coming| Spool::of(coming.file)).transpose()?;
        Ok(Self {
            kind,
            at_hand,
            rest,
        })
    }

    /// The rest that comes later, for one more program.
    pub(super) fn coming(&self) -> io::Result<Option<Coming>> {
        let rest = self.rest.as_ref();
        rest.map(Spool::from_the_beginning).transpose()
    }
}

impl From<Vec<u8>> for Input {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    #[test]
    fn a_pipe_is_read_until_it_pauses() {
        let (read, mut write) = io::pipe().unwrap();
        write.write_all(b"early").unwrap();
        let stdin = Input::ahead(File::from(OwnedFd::from(read)), AHEAD).unwrap();
        let Input::Stream(early, rest) = stdin else {
            panic!("{stdin:?} is no stream")
        };
        assert_eq!(early, b"early");
        write.write_all(b"late").unwrap();
        drop(write);
        let stdin = Input::ahead(rest.into(), AHEAD).unwrap();
        assert!(matches!(stdin, Input::Bytes(bytes) if bytes == b"late"));
    }

    #[test]
    fn input_without_an_end_is_read_no_further_than_it_may() {
        let mut sparse = tempfile::tempfile().unwrap();
        sparse.set_len(20 << 30).unwrap();
        let zeroes = File::open("/dev/zero").unwrap();
        let copy = sparse.try_clone().unwrap();
        for file in [copy, zeroes] {
            let stdin = Input::ahead(file, 1 << 20).unwrap();
            let Input::Stream(bytes, _) = stdin else {
                panic!("it has no end")
            };
            assert_eq!(bytes.len(), 1 << 20);
        }
        assert_eq!(sparse.stream_position().unwrap(), 1 << 20);
    }
}
