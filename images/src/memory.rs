//! Files that were hashed before and have not changed since.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::hash::Hasher;

/// A file that was changed so shortly before it was hashed could be changed
/// again within one tick of the file system's clock. As in git, it is hashed
/// anew next time.
const RACY: Duration = Duration::from_secs(2);

/// A directory with a file for each hash: what the file system said of the file
/// that had it.
///
/// What is there is believed. So it belongs where only those write who may
/// replace the program itself, not into a cache that is carried between hosts.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// None remembers nothing.
    pub(crate) dir: Option<PathBuf>,
}

impl Memory {
    /// Whether a file has this size and this hash. It is not read where it had
    /// them before and nobody has written to it since.
    pub(crate) fn is_intact(&self, path: &Path, size: u64, sha256: &str) -> bool {
        let Ok(stamp) = stamp(path) else {
            return false;
        };
        let intact = || Hasher::of_file(path).is_ok_and(|found| found == (size, sha256.to_owned()));
        self.recalls(sha256, &[path], &stamp, intact)
    }

    /// The same for many files together, which are remembered under one hash.
    pub(crate) fn are_intact(
        &self,
        sha256: &str,
        paths: &[&Path],
        intact: impl FnOnce() -> bool,
    ) -> bool {
        match stamps(paths) {
            Ok(stamp) => self.recalls(sha256, paths, &stamp, intact),
            Err(_) => intact(),
        }
    }

    fn recalls(
        &self,
        sha256: &str,
        paths: &[&Path],
        stamp: &str,
        intact: impl FnOnce() -> bool,
    ) -> bool {
        let record = self.record(sha256);
        let recall = |record: &PathBuf| fs::read_to_string(record).ok();
        if record.as_ref().and_then(recall).as_deref() == Some(stamp) {
            return true;
        }
        let intact = intact();
        if let Some(record) = record
            && intact
            && paths.iter().all(|path| is_settled(path).unwrap_or(false))
            && stamps(paths).is_ok_and(|now| now == stamp)
        {
            // One who cannot write it down hashes again.
            let _ = write_down(&record, stamp);
        }
        intact
    }

    /// Where it is remembered. What is no hash names no file.
    fn record(&self, sha256: &str) -> Option<PathBuf> {
        let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(self.dir.as_ref().filter(|_| is_hash)?.join(sha256))
    }
}

fn stamps(paths: &[&Path]) -> io::Result<String> {
    paths.iter().map(|path| stamp(path)).collect()
}

/// What changes with every write. The time of the last change (ctime) is the
/// kernel's: unlike that of the last modification nobody can set it back.
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
    let changed = |about: Metadata| Duration::from_secs(about.ctime().try_into().unwrap_or(0));
    let age = SystemTime::now().duration_since(UNIX_EPOCH + changed(fs::metadata(path)?));
    Ok(age.is_ok_and(|age| age > RACY))
}

fn write_down(record: &Path, stamp: &str) -> io::Result<()> {
    let dir = record.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(stamp.as_bytes())?;
    file.persist(record)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};
    use std::thread::sleep;

    use super::*;

    const GENUINE: &[u8] = b"genuine";
    const ALTERED: &[u8] = b"altered";

    fn setting() -> (tempfile::TempDir, Memory, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, GENUINE).unwrap();
        let memory = Memory {
            dir: Some(dir.path().join("memory")),
        };
        (dir, memory, file)
    }

    fn is_genuine(memory: &Memory, file: &Path) -> bool {
        memory.is_intact(file, GENUINE.len() as u64, &Hasher::of(GENUINE))
    }

    fn remembers(memory: &Memory) -> bool {
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
    fn what_was_written_just_now_is_not_remembered() {
        let (_dir, memory, file) = setting();
        assert!(is_genuine(&memory, &file));
        assert!(!remembers(&memory));
    }

    #[test]
    fn what_is_remembered_is_not_read_again() {
        let (_dir, memory, file) = setting();
        let record = memory.record(&Hasher::of(GENUINE)).unwrap();
        write_down(&record, &stamp(&file).unwrap()).unwrap();
        // Were it read, it would not have this size.
        assert!(memory.is_intact(&file, 0, &Hasher::of(GENUINE)));
    }

    #[test]
    fn what_is_no_hash_names_no_file() {
        let (_dir, memory, _) = setting();
        assert_eq!(memory.record("../../etc/passwd"), None);
        assert_eq!(memory.record(&"/".repeat(64)), None);
    }
}
