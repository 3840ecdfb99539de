//! Files that are made of verified ones, kept from one run to the next.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::files::FileLock;
use crate::files::hash::Hasher;
use crate::files::read::read_text;
use crate::files::verified::VerifiedFiles;

/// A file that is not removed as long as this value exists.
#[derive(Clone, Debug)]
pub struct KeptFile {
    /// Where it is.
    pub path: PathBuf,
    /// The lock on its directory.
    _held: Arc<File>,
}

/// A directory with files of one kind, each in a directory of its own, whose name says
/// what it is made of.
pub(crate) struct KeptFiles {
    all: PathBuf,
    /// What each file is called.
    name: &'static str,
    /// How many are kept.
    most: usize,
}

impl KeptFiles {
    pub(crate) const fn new(all: PathBuf, name: &'static str, most: usize) -> Self {
        Self { all, name, most }
    }

    /// The file that is made of this, if it is intact; it stays.
    pub(crate) fn find(&self, of: &str, verified: &VerifiedFiles) -> Option<KeptFile> {
        let dir = self.all.join(of);
        let held = File::open(&dir).ok()?;
        // It is removed only under an exclusive lock.
        held.try_lock_shared().ok()?;
        if !self.is_intact(&dir, verified).unwrap_or(false) {
            return None;
        }
        // The oldest go first, and this one is about to be used.
        let _ = held.set_modified(SystemTime::now());
        Some(KeptFile {
            path: dir.join(self.name),
            _held: Arc::new(held),
        })
    }

    /// Whether the file in a directory is what was once written there.
    fn is_intact(&self, dir: &Path, verified: &VerifiedFiles) -> io::Result<bool> {
        let file = dir.join(self.name);
        let sha256 = read_text(&dir.join("sha256"))?;
        let size = fs::metadata(&file)?.len();
        verified.is_intact(&file, size, &sha256)
    }

    /// Keeps a file, whole or not at all, in the place of what was there.
    pub(crate) fn keep(&self, of: &str, bytes: &[u8]) -> io::Result<()> {
        let dir = &self.all.join(of);
        fs::create_dir_all(&self.all)?;
        make_room(&self.all, self.most)?;
        let new = tempfile::Builder::new()
            .prefix("new-")
            .tempdir_in(&self.all)?;
        // Otherwise another run might remove it to make room.
        let _held =
            File::open(new.path()).and_then(|held| Ok(held.try_lock_shared().map(|()| held)?));
        let mut file = File::create_new(new.path().join(self.name))?;
        file.write_all(bytes)?;
        fs::write(new.path().join("sha256"), Hasher::of(bytes))?;
        if fs::rename(new.path(), dir).is_ok() {
            return Ok(());
        }
        // Another run was faster, and may be about to use it: its file stays.
        let found = Hasher::of_file(&dir.join(self.name)).ok();
        let sha256 = read_text(&dir.join("sha256")).ok();
        if found.is_some_and(|(_, found)| found == Hasher::of(bytes) && sha256 == Some(found)) {
            return Ok(());
        }
        let _ = fs::remove_dir_all(dir);
        fs::rename(new.path(), dir)
    }
}

/// Removes the oldest that no run holds, so that there is room for one more.
fn make_room(all: &Path, most: usize) -> io::Result<()> {
    let mut dirs: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(all)? {
        let entry = entry?;
        dirs.push((entry.metadata()?.modified()?, entry.path()));
    }
    dirs.sort();
    let mut excess = (dirs.len() + 1).saturating_sub(most);
    for (_, dir) in dirs {
        if excess == 0 {
            return Ok(());
        }
        let free = File::open(&dir).and_then(FileLock::try_take);
        if matches!(free, Ok(Some(_))) && fs::remove_dir_all(&dir).is_ok() {
            excess -= 1;
        }
    }
    match excess {
        0 => Ok(()),
        _ => Err(io::Error::other("all that are kept are in use")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 5;

    fn files(dir: &Path) -> KeptFiles {
        KeptFiles::new(dir.to_owned(), "vmlinux", MOST)
    }

    #[test]
    fn a_new_file_replaces_an_altered_one() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("hash");
        for bytes in [b"altered".as_slice(), b"genuine"] {
            files(dir.path()).keep("hash", bytes).unwrap();
            assert_eq!(fs::read(place.join("vmlinux")).unwrap(), bytes);
            assert_eq!(
                fs::read_to_string(place.join("sha256")).unwrap(),
                Hasher::of(bytes)
            );
        }
        // Nothing is left of the making.
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let find = || files(dir.path()).find("hash", &VerifiedFiles::default());
        assert!(find().is_some());
        fs::write(place.join("vmlinux"), "altered").unwrap();
        assert!(find().is_none());
    }

    #[test]
    fn a_file_that_another_run_made_stays() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().unwrap();
        let inode = || fs::metadata(dir.path().join("hash")).unwrap().ino();
        files(dir.path()).keep("hash", b"genuine").unwrap();
        let before = inode();
        files(dir.path()).keep("hash", b"genuine").unwrap();
        assert_eq!(inode(), before);
    }

    #[test]
    fn the_oldest_make_room() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..MOST + 3 {
            let name = format!("{number:02}");
            files(dir.path()).keep(&name, b"kernel").unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
            let place = File::open(dir.path().join(name)).unwrap();
            place.set_modified(time).unwrap();
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), MOST);
        assert!(!dir.path().join("00").exists() && dir.path().join("07").exists());
    }

    #[test]
    fn files_in_use_are_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (files, verified) = (files(dir.path()), VerifiedFiles::default());
        let held: Vec<KeptFile> = (0..MOST)
            .map(|number| {
                let name = format!("{number:02}");
                files.keep(&name, b"kernel").unwrap();
                files.find(&name, &verified).unwrap()
            })
            .collect();
        // There is no room, and nothing is taken away for it.
        files.keep("more", b"kernel").unwrap_err();
        assert!(held.iter().all(|held| held.path.exists()));
        let mut held = held.into_iter();
        let first = held.next().unwrap().path;
        files.keep("more", b"kernel").unwrap();
        assert!(!first.exists());
        assert!(held.all(|held| held.path.exists()));
    }
}
