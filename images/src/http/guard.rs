//! Locks in the cache: one run makes a thing there, others wait for it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crate::files::FileLock;
use crate::files::read::open_own;
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;

/// The longest that another run may take to download one kernel.
const PATIENCE: Duration = Duration::from_secs(1200);

/// What marks a directory that can be made again (<https://bford.info/cachedir/>).
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n";

/// Takes the lock of this name. It is held while something in the cache is made;
/// others wait, in this run and in other runs.
pub(crate) fn lock(
    cache: &Path,
    name: &str,
    progress: &dyn Progress,
) -> Result<FileLock, ObtainError> {
    let dir = cache.join("locks");
    let path = dir.join(name);
    let action = || format!("write {}", path.display());
    loop {
        fs::create_dir_all(&dir).attempt(action)?;
        // By this, a cache within a repository stays out of what travels and of backups.
        if let Ok(mut tag) = File::create_new(cache.join("CACHEDIR.TAG")) {
            let _ = tag.write_all(TAG);
        }
        let file = open_own(&path).attempt(action)?;
        let lock = wait(file, &format!("the lock {}", path.display()), progress)?;
        // Otherwise `sweep` removed it meanwhile, and another run may hold a new one.
        if lock.is_at(&path) {
            return Ok(lock);
        }
    }
}

/// Waits for the lock on a file, which `what` names.
pub(crate) fn wait(
    file: File,
    what: &str,
    progress: &dyn Progress,
) -> Result<FileLock, ObtainError> {
    let note = || progress.note(&format!("waiting for another run that holds {what}"));
    Ok(FileLock::wait(file, what, PATIENCE, note)?)
}
