//! Where a program's output goes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use guest::wire::Stream;

use crate::system::{Drained, Interrupt, Outlet};

/// Takes a program's output, as it comes.
pub trait Output {
    /// The program has started; on a terminal, if it asked for one and the kernel has
    /// them.
    ///
    /// # Errors
    /// If the output cannot be written, which ends the machine.
    fn started(&mut self, terminal: bool) -> io::Result<()> {
        let _ = terminal;
        Ok(())
    }

    /// The next bytes of a stream.
    ///
    /// # Errors
    /// If the output cannot be written, which ends the machine.
    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()>;

    /// If no more output fits, a file that becomes readable once some may. Until then
    /// the guest is kept waiting.
    fn full(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Waits until all output is written, as long as some is written within `patience`
    /// and no interrupt comes.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn finish(
        &mut self,
        patience: Option<Duration>,
        interrupt: Option<&Interrupt>,
    ) -> io::Result<Drained> {
        let _ = (patience, interrupt);
        Ok(Drained::All)
    }
}

impl Output for Outlet {
    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        self.put(stream, bytes)
    }

    fn full(&self) -> Option<BorrowedFd<'_>> {
        Outlet::full(self)
    }

    fn finish(
        &mut self,
        patience: Option<Duration>,
        interrupt: Option<&Interrupt>,
    ) -> io::Result<Drained> {
        let drained = self.wait(true, patience, interrupt)?;
        self.check()?;
        Ok(drained)
    }
}

/// Writes output at once.
#[derive(Debug)]
pub struct OutputStreams<O, E> {
    /// Where stdout goes.
    pub stdout: O,
    /// Where stderr goes.
    pub stderr: E,
}

impl<O: Write, E: Write> Output for OutputStreams<O, E> {
    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let pass = |to: &mut dyn Write| {
            to.write_all(bytes)?;
            to.flush()
        };
        match stream {
            Stream::Stderr => pass(&mut self.stderr),
            Stream::Stdout | Stream::Stdin => pass(&mut self.stdout),
        }
    }
}

/// Keeps output in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// All of stdout.
    pub stdout: Vec<u8>,
    /// All of stderr.
    pub stderr: Vec<u8>,
}

impl Output for Captured {
    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        match stream {
            Stream::Stderr => self.stderr.extend(bytes),
            Stream::Stdout | Stream::Stdin => self.stdout.extend(bytes),
        }
        Ok(())
    }
}

/// Keeps output in a temporary file, to be shown later in the order in which it came.
#[derive(Debug)]
pub struct Collected {
    file: File,
    /// The parts in their order: stream and length.
    parts: Vec<(Stream, u64)>,
}

impl Collected {
    /// Empty.
    ///
    /// # Errors
    /// If there is no place for temporary files.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile()?,
            parts: Vec::new(),
        })
    }

    /// Passes all of it on.
    ///
    /// # Errors
    /// If it cannot be read back or written.
    pub fn pass_on(mut self, output: &mut dyn Output) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut buffer = vec![0; 64 << 10];
        for (stream, mut left) in self.parts {
            while left > 0 {
                let most = buffer
                    .len()
                    .min(usize::try_from(left).unwrap_or(usize::MAX));
                self.file.read_exact(&mut buffer[..most])?;
                output.bytes(stream, &buffer[..most])?;
                left -= most as u64;
            }
        }
        Ok(())
    }
}

impl Output for Collected {
    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        let length = bytes.len() as u64;
        match self.parts.last_mut() {
            Some((last, total)) if *last == stream => *total += length,
            _ => self.parts.push((stream, length)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collected_output_keeps_its_order() {
        let mut collected = Collected::new().unwrap();
        for (stream, bytes) in [
            (Stream::Stdout, "one "),
            (Stream::Stdout, "two "),
            (Stream::Stderr, "three "),
            (Stream::Stdout, "four"),
        ] {
            collected.bytes(stream, bytes.as_bytes()).unwrap();
        }
        assert_eq!(collected.parts.len(), 3);
        let mut captured = Captured::default();
        collected.pass_on(&mut captured).unwrap();
        assert_eq!(captured.stdout, b"one two four");
        assert_eq!(captured.stderr, b"three ");
    }
}
