//! How long a command takes, to its very end.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// For a machine that never ends.
const PATIENCE: Duration = Duration::from_secs(300);
/// How exact the figures are.
const POLL: Duration = Duration::from_micros(500);

/// What a command took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Took {
    /// By the clock on the wall.
    pub(crate) wall: Duration,
    /// Of processors, by it and all it waited for: this hardly depends on what
    /// else the host does.
    pub(crate) cpu: Duration,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) took: Took,
    /// That of wait(2): 0 is success.
    pub(crate) status: i32,
    /// What it wrote to stdout and stderr.
    pub(crate) output: Vec<u8>,
}

/// Runs a command to its end, without input. What it writes goes through a file.
///
/// # Errors
/// Where it does not start or does not end.
pub(crate) fn time(command: &mut Command, log: &Path) -> Result<Run> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let out = File::create(log).with_context(|| format!("creating {}", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out);
    let begun = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("starting {shown}"))?;
    let pid = libc::pid_t::try_from(child.id())?;
    loop {
        if let Some((status, cpu)) = ended(pid)? {
            let wall = begun.elapsed();
            return Ok(Run {
                took: Took { wall, cpu },
                status,
                output: std::fs::read(log)?,
            });
        }
        if begun.elapsed() > PATIENCE {
            child.kill().and_then(|()| child.wait())?;
            bail!("{shown} was not done after {} s", PATIENCE.as_secs());
        }
        sleep(POLL);
    }
}

/// The wait status of a child that has ended, and what it took of processors.
fn ended(pid: libc::pid_t) -> io::Result<Option<(i32, Duration)>> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both are there for the call to write to; all zeroes is a rusage.
    let (waited, usage) = unsafe {
        let waited = libc::wait4(pid, &raw mut status, libc::WNOHANG, usage.as_mut_ptr());
        (waited, usage.assume_init())
    };
    match waited {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        _ => Ok(Some((
            status,
            duration(usage.ru_utime) + duration(usage.ru_stime),
        ))),
    }
}

fn duration(time: libc::timeval) -> Duration {
    let whole = Duration::from_secs(time.tv_sec.try_into().unwrap_or(0));
    whole + Duration::from_micros(time.tv_usec.try_into().unwrap_or(0))
}

/// The value in the middle; of an even number, the lower of the two.
pub(crate) fn median<T: Ord + Copy>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        (dir, log)
    }

    #[test]
    fn sleeping_takes_time_but_no_processor() {
        let (_dir, log) = log();
        let mut command = Command::new("sh");
        let run = time(command.args(["-c", "echo x; sleep 0.2; exit 3"]), &log).unwrap();
        assert!(run.took.wall >= Duration::from_millis(200), "{run:?}");
        assert!(run.took.cpu < run.took.wall / 2, "{run:?}");
        assert_eq!(
            (run.output.as_slice(), run.status),
            (b"x\n".as_slice(), 3 << 8)
        );
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3, 1, 2]), Some(2));
        assert_eq!(median([4, 1, 2, 3]), Some(2));
        assert_eq!(median([0; 0]), None);
    }
}
