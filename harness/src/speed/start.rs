//! All that is done before QEMU starts.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::line::{Figure, Goal, Line, Measured};
use super::stopwatch::{median, time};
use super::{Entry, Speed};
use crate::RunDir;

const LIMIT: Duration = Duration::from_millis(100);
/// For a command that starts no QEMU.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_micros(200);
/// A command that does next to nothing.
const NOTHING: [&str; 2] = ["completions", "bash"];

/// From the execution of the command to that of QEMU, and what cargo takes
/// before the first.
pub(crate) fn lines(speed: &Speed, entry: &Entry, dir: &RunDir) -> Vec<Line> {
    let line = |what: &str, took: Result<Duration>, goal| Line {
        figure: Figure::Start,
        kernel: entry.name.clone(),
        what: what.to_owned(),
        against: format!("{} ms", LIMIT.as_millis()),
        result: took
            .map(|took| Measured::of_wall(took, LIMIT))
            .map_err(|error| format!("{error:#}")),
        goal,
    };
    let goal = Some(Goal::AtMost(1.0));
    let run = || {
        let mut command = Command::new(&speed.program);
        command.args(["run", "--kernel", &entry.spec]);
        command.args(["--accel", entry.machine.accelerator.name(), "--", "true"]);
        command
    };
    let test = || {
        let mut command = Command::new(&speed.program);
        command.arg("test-kernels").arg(&entry.spec);
        command.args(["--accel", entry.machine.accelerator.name()]);
        command
    };
    vec![
        line(
            "`run` until QEMU starts",
            speed.rounds(|| until_qemu(run())),
            goal,
        ),
        line(
            "`test-kernels` until QEMU starts",
            speed.rounds(|| until_qemu(test())),
            goal,
        ),
        line("cargo, before either", cargo(speed, dir), None),
    ]
}

/// How much longer `cargo xtask` takes than the program it executes.
fn cargo(speed: &Speed, dir: &RunDir) -> Result<Duration> {
    let log = dir.path().join("output");
    let cargo = || {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .current_dir(crate::root())
            .arg("xtask")
            .args(NOTHING);
        Ok(time(&mut command, &log)?.took.wall)
    };
    let alone = || {
        Ok(time(Command::new(&speed.program).args(NOTHING), &log)?
            .took
            .wall)
    };
    Ok(speed.rounds(cargo)?.saturating_sub(speed.rounds(alone)?))
}

/// Starts a command and watches its children until one of them is QEMU; then
/// the command has done its part and is stopped.
fn until_qemu(mut command: Command) -> Result<Duration> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = Ended(command.spawn().context("starting the command")?);
    loop {
        if qemu_runs(&child.0) {
            return Ok(begun.elapsed());
        }
        if child.0.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
            bail!("it started no QEMU");
        }
        sleep(POLL);
    }
}

/// A process that is killed with its guard; its QEMU goes with it.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether one of the command's threads has a child that executes QEMU.
fn qemu_runs(child: &Child) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id()));
    let children = |task: PathBuf| fs::read_to_string(task.join("children")).unwrap_or_default();
    let is_qemu = |pid: &str| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("qemu-"))
    };
    tasks
        .into_iter()
        .flatten()
        .flatten()
        .any(|task| children(task.path()).split_whitespace().any(is_qemu))
}

impl Speed {
    /// The median of as many rounds as are asked for.
    fn rounds(&self, round: impl FnMut() -> Result<Duration>) -> Result<Duration> {
        let times: Vec<Duration> = std::iter::repeat_with(round)
            .take(self.rounds)
            .collect::<Result<_>>()?;
        median(times).context("no round was held")
    }
}
