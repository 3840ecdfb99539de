//! Signals that end a run early.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use super::poll::first_ready;

/// Becomes readable, and stays so, once a signal tells this process to end. A second
/// signal ends it at once.
#[derive(Debug)]
pub struct Interrupt {
    told: UnixStream,
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Catches SIGINT, SIGTERM and SIGHUP from now on.
    ///
    /// # Errors
    /// If they cannot be caught.
    pub fn catch() -> io::Result<Self> {
        let (told, tell) = UnixStream::pair()?;
        let signal = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(AtomicBool::new(false));
        for number in [SIGINT, SIGTERM, SIGHUP] {
            // In this order: the first signal only arms the default action of the
            // second.
            flag::register_conditional_default(number, Arc::clone(&again))?;
            flag::register(number, Arc::clone(&again))?;
            flag::register_usize(number, Arc::clone(&signal), number.unsigned_abs() as usize)?;
            low_level::pipe::register(number, tell.try_clone()?)?;
        }
        Ok(Self { told, signal })
    }

    /// Becomes readable when the peer of this socket closes it.
    pub(crate) fn by_peer(socket: UnixStream) -> Self {
        Self {
            told: socket,
            signal: Arc::default(),
        }
    }

    /// Runs work that cannot be interrupted. If a signal comes first, the work's thread
    /// is abandoned and ends with this process.
    ///
    /// # Errors
    /// If signals cannot be waited for.
    pub fn unless_told<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Option<T>> {
        let (done, finished) = UnixStream::pair()?;
        let thread = thread::spawn(move || {
            // Closed when the work is over, even by a panic.
            let _finished = finished;
            work()
        });
        // The work has its own deadlines.
        match first_ready(&[self.told.as_fd(), done.as_fd()], None)? {
            Some(1) => match thread.join() {
                Ok(result) => Ok(Some(result)),
                Err(panic) => std::panic::resume_unwind(panic),
            },
            _ => Ok(None),
        }
    }

    /// The number of the signal that came, if one did.
    #[must_use]
    pub fn signal(&self) -> Option<u8> {
        let signal = self.signal.load(Ordering::Relaxed);
        u8::try_from(signal).ok().filter(|&signal| signal != 0)
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.told.as_fd()
    }
}
