//! Locks in the cache.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::open;
use crate::error::{Attempt, ObtainError};
use crate::progress::Progress;

/// For the longest that another run may take to download one kernel.
const LOCK_WAIT: Duration = Duration::from_secs(1200);
const LOCK_POLL: Duration = Duration::from_millis(100);

/// Held while something in the cache is made; others wait, in this run and in
/// other runs. Ends with the process, however that ends.
pub(crate) struct Guard(File);

impl Guard {
    pub(crate) fn acquire(
        cache: &Path,
        name: &str,
        progress: &dyn Progress,
    ) -> Result<Self, ObtainError> {
        let dir = cache.join("locks");
        let path = dir.join(name);
        let action = || format!("write {}", path.display());
        loop {
            fs::create_dir_all(&dir).attempt(action)?;
            let file = open(&path).attempt(action)?;
            let guard = Self::of(file, &format!("the lock {}", path.display()), progress)?;
            // Else it was cleared away meanwhile, and somebody may have a new one.
            if guard.is_at(&path) {
                return Ok(guard);
            }
        }
    }

    /// The lock that is there; none where somebody holds it.
    pub(crate) fn idle(path: &Path) -> Result<Option<Self>, ObtainError> {
        let action = || format!("take the lock {}", path.display());
        let file = open(path).attempt(action)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(source).attempt(action),
        }
    }

    fn is_at(&self, path: &Path) -> bool {
        let identity = |about: fs::Metadata| (about.dev(), about.ino());
        let own = self.0.metadata().map(identity);
        own.is_ok_and(|own| fs::metadata(path).map(identity).is_ok_and(|it| it == own))
    }

    /// Waits for the lock on a file, with a deadline.
    pub(crate) fn of(file: File, what: &str, progress: &dyn Progress) -> Result<Self, ObtainError> {
        let begun = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(source)) => {
                    return Err(source).attempt(|| format!("take {what}"));
                }
                Err(TryLockError::WouldBlock) => {}
            }
            if begun.elapsed() > LOCK_WAIT {
                return Err(ObtainError::Timeout {
                    what: what.to_owned(),
                    waited: LOCK_WAIT,
                    hint: "see which run holds it with lslocks(8)",
                });
            }
            if !told && begun.elapsed() > Duration::from_secs(1) {
                progress.note(&format!("waiting for another run that holds {what}"));
                told = true;
            }
            thread::sleep(LOCK_POLL);
        }
    }
}
