//! A program's output on its way to this process's stdout and stderr, without waiting
//! for ever for a reader that does not read.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use guest::wire::Stream;

use super::interrupt::Interrupt;
use super::poll::first_ready;

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
    shared: Arc<SharedBacklog>,
    /// Becomes readable when something was passed on, or could not be.
    moved: UnixStream,
}

#[derive(Debug, Default)]
struct SharedBacklog {
    state: Mutex<Backlog>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Backlog {
    queue: VecDeque<(Stream, Vec<u8>)>,
    /// Bytes in the queue, and of what is being written.
    unwritten: usize,
    /// The error of a write that failed.
    error: Option<io::Error>,
    /// No more output will come.
    over: bool,
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

impl SharedBacklog {
    fn state(&self) -> MutexGuard<'_, Backlog> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let shared = Arc::new(SharedBacklog::default());
        let work = Arc::clone(&shared);
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || pass_on(&work, &tell, stdout, stderr))?;
        Ok(Self { shared, moved })
    }

    /// Takes bytes; they are written later.
    ///
    /// # Errors
    /// If an earlier write failed.
    pub fn put(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.shared.state();
        if let Some(error) = &state.error {
            return Err(again(error));
        }
        state.unwritten += bytes.len();
        state.queue.push_back((stream, bytes.to_vec()));
        self.shared.more.notify_all();
        Ok(())
    }

    /// A file that becomes readable once fewer than `least` bytes may be left; none if
    /// fewer are.
    fn holds(&self, least: usize) -> Option<BorrowedFd<'_>> {
        // Clear before the check, so that progress after it is noticed.
        let _ = (&self.moved).read(&mut [0; 64]);
        let state = self.shared.state();
        let waits = state.error.is_none() && state.unwritten >= least;
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
        self.shared
            .state()
            .error
            .as_ref()
            .map_or(Ok(()), |error| Err(again(error)))
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

impl Drop for Outlet {
    fn drop(&mut self) {
        self.shared.state().over = true;
        self.shared.more.notify_all();
    }
}

/// The body of the thread.
fn pass_on(
    shared: &SharedBacklog,
    moved: &UnixStream,
    mut stdout: impl Write,
    mut stderr: impl Write,
) {
    loop {
        let (stream, bytes) = {
            let mut state = shared.state();
            loop {
                if let Some(part) = state.queue.pop_front() {
                    break part;
                }
                if state.over {
                    return;
                }
                let waited = shared.more.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
        };
        // In small parts, to notice the progress of a slow reader.
        for part in bytes.chunks(PART) {
            let written = match stream {
                Stream::Stderr => write(&mut stderr, part),
                Stream::Stdout | Stream::Stdin => write(&mut stdout, part),
            };
            let mut state = shared.state();
            state.unwritten -= part.len();
            let failed = written.is_err();
            state.error = written.err();
            drop(state);
            // A full socket is readable already.
            let _ = (&*moved).write(b".");
            if failed {
                return;
            }
        }
    }
}

fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
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
