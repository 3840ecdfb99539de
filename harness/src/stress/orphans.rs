//! What is left of a run that is over: processes and files.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a process may take to be gone after its parent was killed, on a
/// loaded host.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// The environment variable by which the processes of a run are known, its value
/// being the run's.
pub(super) const MARK: &str = "STRATA_STRESS";

/// The processes that bear a mark and are still there after a while.
pub(super) fn processes(mark: &str) -> Vec<String> {
    let until = Instant::now() + GRACE;
    loop {
        let found = marked(mark);
        if found.is_empty() || Instant::now() >= until {
            return found;
        }
        sleep(POLL);
    }
}

/// One that has ended and was not waited for has no environment any more, and is
/// not among them.
fn marked(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}");
    let is_marked = |process: &Path| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment
            .split(|&byte| byte == 0)
            .any(|variable| variable == wanted.as_bytes())
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .map(|process| process.path())
        .filter(|process| is_marked(process))
        .map(|process| {
            let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
            format!("process {} ({})", process.display(), name.trim())
        })
        .collect()
}

/// What there is in a directory that should be empty.
pub(super) fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name());
    let mut names: Vec<OsString> = names.collect();
    names.sort();
    names
        .iter()
        .map(|name| format!("temporary file {}", name.display()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_found_until_it_is_gone() {
        let mark = format!("test-{}", std::process::id());
        let mut sleeper = Command::new("sleep")
            .arg("60")
            .env(MARK, &mark)
            .spawn()
            .unwrap();
        let until = Instant::now() + GRACE;
        let mut found = marked(&mark);
        // One that is just being executed has no environment yet.
        while found.is_empty() && Instant::now() < until {
            sleep(POLL);
            found = marked(&mark);
        }
        sleeper.kill().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("sleep"), "{found:?}");
        assert_eq!(processes(&mark), [""; 0]);
        sleeper.wait().unwrap();
    }

    #[test]
    fn a_file_left_behind_is_found() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(files(dir.path()), [""; 0]);
        fs::create_dir(dir.path().join("strata-x")).unwrap();
        assert_eq!(files(dir.path()), ["temporary file strata-x"]);
    }
}
