//! What a run that is over has left behind: processes and files.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a process may take to be gone after its parent was killed, on a
/// loaded host.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// The environment variable that marks the processes of a run.
pub(super) const MARK: &str = "STRATA_STRESS";

/// The marked processes that are still there after [`GRACE`], and the files in a
/// directory that should be empty.
pub(super) fn orphans(mark: &Path, temporary: &Path) -> Vec<String> {
    let until = Instant::now() + GRACE;
    let mut found = processes(mark);
    while !found.is_empty() && Instant::now() < until {
        sleep(POLL);
        found = processes(mark);
    }
    for file in fs::read_dir(temporary).into_iter().flatten().flatten() {
        found.push(format!("temporary file {}", file.file_name().display()));
    }
    found
}

/// The processes whose environment has this mark. A process that has ended and was not
/// waited for has no environment any more: it is not counted.
fn processes(mark: &Path) -> Vec<String> {
    let mark = [MARK.as_bytes(), b"=", mark.as_os_str().as_bytes()].concat();
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let process = process.path();
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        if environment
            .split(|&byte| byte == 0)
            .any(|variable| variable == mark)
        {
            let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
            found.push(format!("process {} ({})", process.display(), name.trim()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_found_until_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path();
        let mut sleeper = Command::new("sleep")
            .arg("60")
            .env(MARK, mark)
            .spawn()
            .unwrap();
        let until = Instant::now() + GRACE;
        let mut found = processes(mark);
        // One that is just being executed has no environment yet.
        while found.is_empty() && Instant::now() < until {
            sleep(POLL);
            found = processes(mark);
        }
        sleeper.kill().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("sleep"), "{found:?}");
        assert_eq!(orphans(mark, mark), [""; 0]);
        sleeper.wait().unwrap();
    }

    #[test]
    fn a_file_left_behind_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let found = || orphans(dir.path(), dir.path());
        assert_eq!(found(), [""; 0]);
        fs::create_dir(dir.path().join("strata-x")).unwrap();
        assert_eq!(found(), ["temporary file strata-x"]);
    }
}
