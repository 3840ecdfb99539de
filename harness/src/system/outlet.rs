//! A program's output on its way to this process's stdout and stderr, without waiting
//! for ever for a reader that does not read.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use guest::wire::Stream;

use super::interrupt::Interrupt;
use super::lock::lock;
use super::poll::first_ready;
use super::write_out::write_out;

/// How many bytes are kept for a reader that pauses. Beyond that, the guest is kept
/// waiting.
const ROOM: usize = 256 << 10;

/// How much is written at a time: what a pipe has room for if it has any
/// (pipe(7): PIPE_BUF).
const PART: usize = 4096;

/// Writes what it is given from a separate thread. That thread may block on a reader
/// for ever; it does not keep this process from ending.
#[derive(Debug)]
pub struct Outlet {
    parts: Sender<(Stream, Vec<u8>)>,
    backlog: Arc<Mutex<Backlog>>,
    /// Becomes readable when something was passed on, or could not be.
    moved: UnixStream,
}

#[derive(Debug, Default)]
struct Backlog {
    /// How many bytes were given and are not written.
    unwritten: usize,
    /// The error of a write that failed.
    error: Option<io::Error>,
}

/// The result of waiting for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// All was written, or cannot be.
    All,
    /// The reader paused for too long.
    Late,
    /// This process was told to end.
    Interrupted,
}

impl Outlet {
    /// To the stdout and stderr of this process.
    ///
    /// # Errors
    /// If they cannot be duplicated, or no thread can be started.
    pub fn stdio() -> io::Result<Self> {
        // Not `io::stdout()`, which others may lock.
        let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        Self::new(stdout, stderr)
    }

    /// To these.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn new(
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let (moved, tell) = UnixStream::pair()?;
        moved.set_nonblocking(true)?;
        tell.set_nonblocking(true)?;
        let (parts, given) = channel();
        let backlog = Arc::new(Mutex::default());
        let work = Arc::clone(&backlog);
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || pass_on(&given, &work, &tell, stdout, stderr))?;
        Ok(Self {
            parts,
            backlog,
            moved,
        })
    }

    /// Takes bytes; they are written later.
    ///
    /// # Errors
    /// If an earlier write failed.
    pub fn put(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        self.check()?;
        lock(&self.backlog).unwritten += bytes.len();
        // The thread is gone only after an error.
        let _ = self.parts.send((stream, bytes.to_vec()));
        Ok(())
    }

    /// A file that becomes readable once fewer than `least` bytes may be left; none if
    /// fewer are.
    fn holds(&self, least: usize) -> Option<BorrowedFd<'_>> {
        // Clear before the check, so that progress after it is noticed.
        let _ = (&self.moved).read(&mut [0; 64]);
        let backlog = lock(&self.backlog);
        let waits = backlog.error.is_none() && backlog.unwritten >= least;
        waits.then(|| self.moved.as_fd())
    }

    /// A file that becomes readable once there may be room; none if there is.
    pub(crate) fn full(&self) -> Option<BorrowedFd<'_>> {
        self.holds(ROOM)
    }

    /// The error of a write that failed.
    ///
    /// # Errors
    /// If it did.
    pub(crate) fn check(&self) -> io::Result<()> {
        let backlog = lock(&self.backlog);
        let error = backlog.error.as_ref();
        error.map_or(Ok(()), |error| Err(again(error)))
    }

    /// Waits until all is written, or until there is room, as long as something is read
    /// within `patience`.
    pub(crate) fn wait(
        &self,
        all: bool,
        patience: Option<Duration>,
        interrupt: Option<&Interrupt>,
    ) -> io::Result<Drained> {
        loop {
            let Some(moved) = self.holds(if all { 1 } else { ROOM }) else {
                return Ok(Drained::All);
            };
            let told = interrupt.map(AsFd::as_fd);
            let files: Vec<_> = [Some(moved), told].into_iter().flatten().collect();
            let deadline = patience.map(|patience| Instant::now() + patience);
            match first_ready(&files, deadline)? {
                None => return Ok(Drained::Late),
                Some(1) => return Ok(Drained::Interrupted),
                Some(_) => {}
            }
        }
    }
}

/// The body of the thread, which ends with the outlet or an error.
fn pass_on(
    given: &Receiver<(Stream, Vec<u8>)>,
    backlog: &Mutex<Backlog>,
    moved: &UnixStream,
    mut stdout: impl Write,
    mut stderr: impl Write,
) {
    for (stream, bytes) in given {
        // In small parts, to notice the progress of a slow reader.
        for part in bytes.chunks(PART) {
            let written = match stream {
                Stream::Stderr => write_out(&mut stderr, part),
                Stream::Stdout | Stream::Stdin => write_out(&mut stdout, part),
            };
            let failed = written.is_err();
            let mut backlog = lock(backlog);
            backlog.unwritten -= part.len();
            backlog.error = written.err();
            drop(backlog);
            // A full socket is readable already.
            let _ = (&*moved).write(b".");
            if failed {
                return;
            }
        }
    }
}

/// A copy of an error.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Option<Duration> = Some(Duration::from_millis(200));

    #[test]
    fn a_reader_who_pauses_is_waited_for_and_loses_nothing() {
        let (mut read, write) = io::pipe().unwrap();
        let outlet = Outlet::new(write, io::sink()).unwrap();
        let sent: Vec<u8> = (0..3 * ROOM).map(|byte| byte as u8).collect();
        for part in sent.chunks(ROOM) {
            outlet.put(Stream::Stdout, part).unwrap();
        }
        assert!(outlet.full().is_some());
        assert_eq!(outlet.wait(true, SOON, None).unwrap(), Drained::Late);
        let reader = thread::spawn(move || {
            let mut heard = Vec::new();
            read.read_to_end(&mut heard).map(|_| heard)
        });
        assert_eq!(outlet.wait(true, None, None).unwrap(), Drained::All);
        drop(outlet);
        assert!(reader.join().unwrap().unwrap() == sent);
    }

    /// Longer in all than is waited for at a time.
    #[test]
    fn a_slow_reader_is_waited_for() {
        let (mut read, write) = io::pipe().unwrap();
        let outlet = Outlet::new(write, io::sink()).unwrap();
        outlet.put(Stream::Stdout, &vec![0; ROOM]).unwrap();
        let reader = thread::spawn(move || {
            let mut part = vec![0; 16 << 10];
            while read.read_exact(&mut part).is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
        });
        let patience = Some(Duration::from_millis(500));
        let started = Instant::now();
        assert_eq!(outlet.wait(true, patience, None).unwrap(), Drained::All);
        assert!(started.elapsed() > Duration::from_millis(500));
        drop(outlet);
        reader.join().unwrap();
    }

    #[test]
    fn a_reader_who_is_gone_is_told_of() {
        let (read, write) = io::pipe().unwrap();
        drop(read);
        let outlet = Outlet::new(write, io::sink()).unwrap();
        outlet.put(Stream::Stdout, b"words").unwrap();
        assert_eq!(outlet.wait(true, None, None).unwrap(), Drained::All);
        assert_eq!(
            outlet.check().unwrap_err().kind(),
            io::ErrorKind::BrokenPipe
        );
        assert!(outlet.put(Stream::Stdout, b"more").is_err());
    }
}
