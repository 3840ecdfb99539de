//! What runs leave in the cache, removed while no run is at work.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::FileLock;
use crate::files::read::open_own;
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;
use crate::store::Store;

/// How long an index is used, as a rule: release files are valid for a week.
pub const STALE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A version that was removed from the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The Debian version, for a tool with its name before it; `indexes` and
    /// `partial` for what is neither.
    pub name: String,
    /// Bytes of its files.
    pub size: u64,
}

impl Store {
    /// Removes what runs have left there, and indexes that are older.
    pub(crate) fn sweep(
        &self,
        age: Duration,
        progress: &dyn Progress,
    ) -> Result<Vec<Removed>, ObtainError> {
        let in_cache = |name| entries(&self.cache.dir.join(name));
        let releases = match age.is_zero() {
            true => in_cache("releases"),
            false => Vec::new(),
        };
        // Listed before the locks are taken: a run that begins later adds nothing to it.
        let left = [
            ("partial", in_cache("partial")),
            ("indexes", older(in_cache("indexes"), age)),
            ("releases", releases),
        ];
        let mut locks = Vec::new();
        for path in in_cache("locks") {
            let lock = open_own(&path).and_then(FileLock::try_take);
            let shown = path.display();
            let Some(lock) = lock.attempt(|| format!("take the lock {shown}"))? else {
                progress.note(&format!(
                    "another run holds {shown}: downloads and indexes stay as they are"
                ));
                return Ok(Vec::new());
            };
            locks.push((path, lock));
        }
        let mut removed = Vec::new();
        for (name, paths) in left {
            let mut size = 0;
            for path in paths {
                size += remove_entry(&path)?;
            }
            let name = name.to_owned();
            removed.extend((size > 0).then_some(Removed { name, size }));
        }
        for (path, _lock) in locks {
            remove_entry(&path)?;
        }
        Ok(removed)
    }
}

/// Removes a file or directory, if it is there still; gives its bytes.
pub(crate) fn remove_entry(path: &Path) -> Result<u64, ObtainError> {
    let Ok(about) = path.symlink_metadata() else {
        return Ok(0);
    };
    let (size, removed) = match about.is_dir() {
        true => (size_of(path), fs::remove_dir_all(path)),
        false => (about.len(), fs::remove_file(path)),
    };
    removed.attempt(|| format!("remove {}", path.display()))?;
    Ok(size)
}

/// Bytes of all files under a directory.
fn size_of(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => size_of(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Those that were last written so long ago.
fn older(mut paths: Vec<PathBuf>, age: Duration) -> Vec<PathBuf> {
    paths.retain(|path| {
        let written = path.symlink_metadata().and_then(|about| about.modified());
        let since = written.ok().map(|written| written.elapsed());
        // A time in the future says nothing: such an index stays.
        age.is_zero() || matches!(since, Some(Ok(since)) if since >= age)
    });
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::http::guard;
    use crate::messages::progress::Silent;

    /// A download that was broken off, two indexes of which one is old, a lock.
    fn litter(dir: &Path) -> [PathBuf; 4] {
        let names = ["partial/0", "indexes/old", "indexes/new", "locks/kernel-1"];
        let paths = names.map(|name| dir.join(name));
        for path in &paths {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "left").unwrap();
        }
        let long_ago = std::time::SystemTime::now() - 2 * STALE;
        let old = fs::File::options().write(true).open(&paths[1]).unwrap();
        old.set_modified(long_ago).unwrap();
        paths
    }

    #[test]
    fn leftovers_are_pruned_while_no_run_is_at_work() {
        let dir = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::builtin();
        let store = Store::builder(&catalogue)
            .cache_dir(dir.path())
            .kernel_pins("")
            .build()
            .unwrap();
        let paths = litter(dir.path());
        let there = || paths.each_ref().map(|path| path.exists());
        let held = guard::lock(dir.path(), "kernel-2", &Silent).unwrap();
        assert_eq!(store.prune(&catalogue, &Silent).unwrap(), []);
        assert_eq!(there(), [true; 4]);
        drop(held);
        let removed = store.prune(&catalogue, &Silent).unwrap();
        let removed: Vec<_> = removed
            .iter()
            .map(|one| (&one.name[..], one.size))
            .collect();
        assert_eq!(removed, [("partial", 4), ("indexes", 4)]);
        assert_eq!(there(), [false, false, true, false]);
        assert!(!dir.path().join("locks/kernel-2").exists());
        store.prune_all(&Silent).unwrap();
        assert_eq!(there(), [false; 4]);
    }

    #[test]
    fn a_lock_that_was_removed_is_taken_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("locks/kernel-1");
        let cleared = guard::lock(dir.path(), "kernel-1", &Silent).unwrap();
        std::thread::scope(|scope| {
            // Waits for the one that is about to be removed.
            let waiting = scope.spawn(|| guard::lock(dir.path(), "kernel-1", &Silent).unwrap());
            std::thread::sleep(Duration::from_millis(300));
            fs::remove_file(&path).unwrap();
            let other = guard::lock(dir.path(), "kernel-1", &Silent).unwrap();
            drop(cleared);
            std::thread::sleep(Duration::from_millis(300));
            assert!(!waiting.is_finished(), "two hold the same lock");
            drop(other);
            waiting.join().unwrap();
        });
    }
}
