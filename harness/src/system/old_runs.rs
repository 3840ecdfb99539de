//! Removes the directories of old runs.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The file that marks a directory as a run. It is locked while a process uses the run;
/// its age is the time of the last use.
pub(crate) const LOCK: &str = "lock";
/// How many runs are kept at any age.
const KEPT: usize = 20;
/// How long a run is kept at any number.
const YOUNG: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes the runs that are neither young, nor among the last, nor in use. A failure
/// to remove one is ignored.
pub(crate) fn remove_old_runs(dir: &Path) {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let used = |path: &PathBuf| fs::metadata(path.join(LOCK)).and_then(|lock| lock.modified());
    let mut runs: Vec<(SystemTime, PathBuf)> = entries
        .map(|entry| entry.path())
        .filter_map(|path| Some((used(&path).ok()?, path)))
        .collect();
    runs.sort_by_key(|(used, _)| Reverse(*used));
    for (used, path) in runs.into_iter().skip(KEPT) {
        let young = used.elapsed().is_ok_and(|age| age < YOUNG);
        // The lock is held until the run is removed.
        let lock = File::open(path.join(LOCK));
        if !young && lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_runs_go_and_the_last_the_young_and_those_in_use_stay() {
        let dir = tempfile::tempdir().unwrap();
        let run = |name: &str, days: u64| {
            let path = dir.path().join(name);
            fs::create_dir(&path).unwrap();
            let lock = File::create(path.join(LOCK)).unwrap();
            let age = Duration::from_secs(days * 24 * 60 * 60 + 60);
            lock.set_modified(SystemTime::now() - age).unwrap();
            lock
        };
        let in_use = run("in-use", 9);
        in_use.lock_shared().unwrap();
        run("old", 8);
        for number in 0..KEPT {
            run(&format!("old-but-last-{number}"), 2);
        }
        fs::create_dir(dir.path().join("no-run")).unwrap();
        fs::write(dir.path().join("accelerator.json"), "{}").unwrap();
        remove_old_runs(dir.path());
        assert!(!dir.path().join("old").exists());
        let left = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, KEPT + 3);

        // None of the young ones, however many.
        for number in 0..KEPT {
            run(&format!("young-{number}"), 0);
        }
        drop(in_use);
        remove_old_runs(dir.path());
        let left = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, KEPT + 2);
    }
}
