//! The user's own repository.

use std::env;
use std::path::{Path, PathBuf};

/// The file by which a repository that uses Strata is known.
const PROJECT: &str = "strata.toml";
/// The kernels that were verified for it, beside that file.
const LOCK: &str = "strata.lock";

/// The lock file of kernels in the user's repository: beside the `strata.toml` in
/// the current directory or the nearest one above it, if there is one.
#[must_use]
pub fn lock_file() -> Option<PathBuf> {
    lock_file_from(&env::current_dir().ok()?)
}

/// The nearest `strata.toml`, in the current directory or above it.
pub(crate) fn suite_file() -> Option<PathBuf> {
    suite_file_from(&env::current_dir().ok()?)
}

fn lock_file_from(dir: &Path) -> Option<PathBuf> {
    Some(suite_file_from(dir)?.with_file_name(LOCK))
}

fn suite_file_from(dir: &Path) -> Option<PathBuf> {
    let mut files = dir.ancestors().map(|dir| dir.join(PROJECT));
    files.find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_lock_file_is_beside_the_nearest_project() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner/deep");
        fs::create_dir_all(&inner).unwrap();
        assert_eq!(lock_file_from(&inner), None);
        fs::write(dir.path().join(PROJECT), "").unwrap();
        assert_eq!(lock_file_from(&inner), Some(dir.path().join(LOCK)));
        fs::write(dir.path().join("inner").join(PROJECT), "").unwrap();
        let nearest = dir.path().join("inner").join(LOCK);
        assert_eq!(lock_file_from(&inner), Some(nearest));
    }
}
