//! Files that were hashed before and have not changed since.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::files::hash::{has_hash, parse_sha256};
use crate::files::read::read_text;
use crate::files::write_whole;

/// A file that was changed so shortly before it was hashed could be changed
/// again within one tick of the file system's clock. As in git, it is hashed
/// again next time.
const RACY: Duration = Duration::from_secs(2);

/// A directory with a file for each hash: what the file system said of the file
/// that had it.
///
/// Its contents are trusted without a check. So it belongs where only those write
/// who may replace the program itself, not into a cache that is carried between hosts.
#[derive(Debug, Default)]
pub(crate) struct VerifiedFiles {
    /// Without a directory nothing is remembered.
    pub(crate) dir: Option<PathBuf>,
}

impl VerifiedFiles {
    /// Whether a file has this size and this hash. It is not read where it had
    /// them before and was not written to since.
    pub(crate) fn is_intact(&self, path: &Path, size: u64, sha256: &str) -> io::Result<bool> {
        self.are_intact(sha256, &[path], || has_hash(path, size, sha256))
    }

    /// The same for many files together, which are remembered under one hash.
    pub(crate) fn are_intact<E>(
        &self,
        sha256: &str,
        paths: &[&Path],
        intact: impl FnOnce() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let (Some(record), Ok(stamp)) = (self.record(sha256), stamps(paths)) else {
            return intact();
        };
        if read_text(&record).is_ok_and(|recorded| recorded == stamp) {
            return Ok(true);
        }
        let intact = intact()?;
        if intact
            && paths.iter().all(|path| is_settled(path).unwrap_or(false))
            && stamps(paths).is_ok_and(|now| now == stamp)
        {
            // If the record cannot be written, the files are hashed again next time.
            let _ = write_whole(&record, stamp.as_bytes());
        }
        Ok(intact)
    }

    /// Where it is remembered. What is no hash names no file.
    fn record(&self, sha256: &str) -> Option<PathBuf> {
        parse_sha256(sha256)?;
        Some(self.dir.as_ref()?.join(sha256))
    }
}

fn stamps(paths: &[&Path]) -> io::Result<String> {
    paths.iter().map(|path| stamp(path)).collect()
}

/// What changes with every write. The time of the last change (ctime) is the
/// kernel's: unlike the time of the last modification it cannot be set back.
fn stamp(path: &Path) -> io::Result<String> {
    let about = fs::metadata(path)?;
    Ok(format!(
        "device {} inode {} size {} modified {}.{:09} changed {}.{:09}\n",
        about.dev(),
        about.ino(),
        about.size(),
        about.mtime(),
        about.mtime_nsec(),
        about.ctime(),
        about.ctime_nsec(),
    ))
}

/// Whether the last change is so long ago that the next one has another time.
fn is_settled(path: &Path) -> io::Result<bool> {
    let changed = fs::metadata(path)?.ctime().try_into().unwrap_or(0);
    let age = SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_secs(changed));
    Ok(age.is_ok_and(|age| age > RACY))
}

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};
    use std::thread::sleep;

    use super::*;
    use crate::files::hash::Hasher;

    const GENUINE: &[u8] = b"genuine";
    const ALTERED: &[u8] = b"altered";

    fn setting() -> (tempfile::TempDir, VerifiedFiles, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, GENUINE).unwrap();
        let memory = VerifiedFiles {
            dir: Some(dir.path().join("memory")),
        };
        (dir, memory, file)
    }

    fn is_genuine(memory: &VerifiedFiles, file: &Path) -> bool {
        let sha256 = Hasher::of(GENUINE);
        memory
            .is_intact(file, GENUINE.len() as u64, &sha256)
            .unwrap()
    }

    fn remembers(memory: &VerifiedFiles) -> bool {
        memory.record(&Hasher::of(GENUINE)).unwrap().exists()
    }

    #[test]
    fn a_file_altered_after_it_was_remembered_is_found_out() {
        let (_dir, memory, file) = setting();
        sleep(RACY + Duration::from_secs(1));
        assert!(is_genuine(&memory, &file) && remembers(&memory));
        assert!(is_genuine(&memory, &file));

        // Of the same length, in the same inode, and with the same time.
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        fs::write(&file, ALTERED).unwrap();
        let times = FileTimes::new().set_modified(modified);
        File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_times(times)
            .unwrap();
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), modified);
        assert!(!is_genuine(&memory, &file));
    }

    #[test]
    fn a_file_that_was_just_written_is_not_remembered() {
        let (_dir, memory, file) = setting();
        assert!(is_genuine(&memory, &file));
        assert!(!remembers(&memory));
    }

    #[test]
    fn a_verified_file_is_not_read_again() {
        let (_dir, memory, file) = setting();
        let record = memory.record(&Hasher::of(GENUINE)).unwrap();
        write_whole(&record, stamp(&file).unwrap().as_bytes()).unwrap();
        // Were it read, it would not have this size.
        assert!(memory.is_intact(&file, 0, &Hasher::of(GENUINE)).unwrap());
    }

    #[test]
    fn text_that_is_no_hash_names_no_file() {
        let (_dir, memory, _) = setting();
        assert_eq!(memory.record("../../etc/passwd"), None);
        assert_eq!(memory.record(&"/".repeat(64)), None);
    }
}
