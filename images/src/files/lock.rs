//! Locks on files, shared with other processes.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(20);
/// After a wait of this length the caller is told of it.
const LONG: Duration = Duration::from_secs(1);

/// A lock on a file (flock(2)), held until it is dropped or the process ends.
#[derive(Debug)]
pub struct FileLock(File);

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process held it for too long.
    #[error(
        "gave up waiting for {what} after {} s; see which run holds it with lslocks(8)",
        waited.as_secs()
    )]
    Timeout {
        /// What the lock is on, for people.
        what: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The system refused it.
    #[error("cannot take {what}: {source}")]
    Io {
        /// What the lock is on, for people.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

impl FileLock {
    /// Waits for the lock on a file, but no longer than `patience`. `what` names it
    /// in errors; `waiting` is called once, where it takes more than a second.
    ///
    /// # Errors
    /// Where another process holds the lock for longer, or the system refuses it.
    pub fn wait(
        file: File,
        what: &str,
        patience: Duration,
        waiting: impl FnOnce(),
    ) -> Result<Self, LockError> {
        let begun = Instant::now();
        let mut waiting = Some(waiting);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(source)) => {
                    let what = what.to_owned();
                    return Err(LockError::Io { what, source });
                }
                Err(TryLockError::WouldBlock) => {}
            }
            if begun.elapsed() > patience {
                return Err(LockError::Timeout {
                    what: what.to_owned(),
                    waited: patience,
                });
            }
            if begun.elapsed() > LONG
                && let Some(waiting) = waiting.take()
            {
                waiting();
            }
            thread::sleep(POLL);
        }
    }

    /// The lock on a file; none where another process holds it.
    ///
    /// # Errors
    /// Where the system refuses it.
    pub fn try_take(file: File) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether the locked file is still the one at `path`: it may have been removed
    /// while it was waited for.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        let identity = |about: fs::Metadata| (about.dev(), about.ino());
        let own = self.0.metadata().map(identity);
        own.is_ok_and(|own| fs::metadata(path).map(identity).is_ok_and(|it| it == own))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_lock_that_is_held_is_waited_for_until_the_deadline() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let open = || File::create(&path).unwrap();
        let held = FileLock::try_take(open()).unwrap().unwrap();
        assert!(held.is_at(&path) && FileLock::try_take(open()).unwrap().is_none());
        let told = Cell::new(0);
        let patience = LONG + Duration::from_millis(200);
        let wait = || FileLock::wait(open(), "the lock", patience, || told.set(told.get() + 1));
        let error = wait().unwrap_err().to_string();
        assert!(
            error.starts_with("gave up waiting for the lock after 1 s;"),
            "{error}"
        );
        assert_eq!(told.get(), 1);
        drop(held);
        assert!(wait().is_ok() && told.get() == 1);
    }
}
