//! How long commands take to their end.

use std::fs::{self, File};
use std::io;
use std::mem::MaybeUninit;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// What a command took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Took {
    /// By the clock on the wall.
    pub(super) wall: Duration,
    /// The processor time of the command and all its children, which depends less on
    /// other work of the host; none where only the clock was looked at.
    pub(super) cpu: Option<Duration>,
}

/// What a command took in each round, or why it failed.
pub(super) struct Times {
    pub(super) name: &'static str,
    pub(super) took: Result<Vec<Took>, String>,
}

impl Times {
    pub(super) fn median(&self) -> Result<Took, String> {
        let took = self.took.as_ref().map_err(String::clone)?;
        Ok(Took {
            wall: median(took.iter().map(|took| took.wall)).ok_or("it was not timed")?,
            cpu: median(took.iter().filter_map(|took| took.cpu)),
        })
    }
}

/// A command that is to be timed.
pub(super) struct Timed {
    times: Times,
    command: Command,
    /// What its output must hold.
    proof: &'static str,
}

impl Timed {
    pub(super) const fn new(name: &'static str, proof: &'static str, command: Command) -> Self {
        let took = Ok(Vec::new());
        Self {
            times: Times { name, took },
            command,
            proof,
        }
    }

    fn time(&mut self, log: &Path) -> Result<Took> {
        let (took, status) = time(&mut self.command, log)?;
        let output = String::from_utf8_lossy(&fs::read(log)?).into_owned();
        let last = output.lines().rfind(|line| !line.trim().is_empty());
        let last = last.unwrap_or_default();
        ensure!(status == 0, "wait status {status}: {last}");
        ensure!(output.contains(self.proof), "nothing ran in it: {last}");
        Ok(took)
    }
}

/// Times all commands in each round, so that other work of the host hits all of them
/// alike. One that fails is not tried again.
pub(super) fn take_turns(mut commands: Vec<Timed>, rounds: usize, log: &Path) -> Vec<Times> {
    for _ in 0..rounds {
        for timed in commands.iter_mut().filter(|timed| timed.times.took.is_ok()) {
            match (timed.time(log), &mut timed.times.took) {
                (Ok(once), Ok(took)) => took.push(once),
                (Err(error), took) => *took = Err(format!("{error:#}")),
                (Ok(_), Err(_)) => {}
            }
        }
    }
    commands.into_iter().map(|timed| timed.times).collect()
}

/// Runs a command to its end, without input: what it took, and its wait status. `log`
/// is the file that it writes to.
fn time(command: &mut Command, log: &Path) -> Result<(Took, i32)> {
    let out = File::create(log).with_context(|| format!("creating {}", log.display()))?;
    let begun = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .spawn()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    let pid = libc::pid_t::try_from(child.id())?;
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both are there for the call to write to; all zeroes is a rusage.
    let (waited, usage) = unsafe {
        let waited = libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr());
        (waited, usage.assume_init())
    };
    if waited != pid {
        return Err(io::Error::last_os_error()).context("waiting for a command");
    }
    let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
    let wall = begun.elapsed();
    Ok((
        Took {
            wall,
            cpu: Some(cpu),
        },
        status,
    ))
}

fn duration(time: libc::timeval) -> Duration {
    let whole = Duration::from_secs(time.tv_sec.try_into().unwrap_or(0));
    whole + Duration::from_micros(time.tv_usec.try_into().unwrap_or(0))
}

/// The value in the middle; of an even number, the lower of the two.
pub(super) fn median<T: Ord + Copy>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn one_that_fails_has_no_figure_and_the_others_have() {
        let dir = tempfile::tempdir().unwrap();
        let proof = "strata floor";
        let commands = [
            ("slow", "", "sleep 0.1"),
            ("fails", "", "echo no kernel; exit 1"),
            ("boots", proof, "echo strata floor"),
            ("does not boot", proof, "echo SeaBIOS"),
        ];
        let commands = commands.map(|(name, proof, script)| Timed::new(name, proof, shell(script)));
        let times = take_turns(commands.into(), 3, &dir.path().join("output"));
        assert!(times[0].median().unwrap().wall.as_millis() >= 100);
        assert!(times[1].median().unwrap_err().ends_with("no kernel"));
        assert!(times[2].median().is_ok());
        let why = times[3].median().unwrap_err();
        assert!(why.contains("nothing ran in it: SeaBIOS"), "{why}");
        let missing = Timed::new("missing", "", shell("true"));
        let why = missing.times.median().unwrap_err();
        assert!(why.contains("not timed"), "{why}");
    }

    #[test]
    fn sleeping_takes_time_but_no_processor() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let mut command = shell("echo x; sleep 0.2; exit 3");
        let (took, status) = time(&mut command, &log).unwrap();
        assert!(took.wall >= Duration::from_millis(200), "{took:?}");
        assert!(took.cpu.unwrap() < took.wall / 2, "{took:?}");
        assert_eq!(
            (fs::read(log).unwrap().as_slice(), status),
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
