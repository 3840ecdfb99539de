//! What is done before QEMU starts.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::stopwatch::{Times, Took};

/// For a command that starts no QEMU.
const DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_micros(200);

/// How long it may take.
pub(super) fn limit() -> Times {
    let (wall, cpu) = (Duration::from_millis(100), None);
    Times {
        name: "100 ms",
        took: Ok(vec![Took { wall, cpu }]),
    }
}

/// The times from the start of a command to the start of its QEMU.
pub(super) fn until_qemu(name: &'static str, mut command: Command, rounds: usize) -> Times {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let took: Result<Vec<_>> = (0..rounds).map(|_| once(&mut command)).collect();
    Times {
        name,
        took: took.map_err(|error| format!("{error:#}")),
    }
}

/// Starts the command and watches its children until one of them is QEMU.
fn once(command: &mut Command) -> Result<Took> {
    let begun = Instant::now();
    let mut child = command.spawn().context("starting the command")?;
    while !qemu_runs(&child) {
        if child.try_wait()?.is_some() || begun.elapsed() > DEADLINE {
            child.kill()?;
            bail!("it started no QEMU");
        }
        sleep(POLL);
    }
    let (wall, cpu) = (begun.elapsed(), None);
    // It has done its part; its QEMU goes with it.
    child.kill()?;
    child.wait()?;
    Ok(Took { wall, cpu })
}

/// Whether one of the command's threads has a child that boots a kernel. Its name does
/// not tell: the QEMU of Strata is started by a loader.
fn qemu_runs(child: &Child) -> bool {
    let boots = |pid: &str| {
        let words = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.split('\0').any(|word| word == "-kernel")
    };
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id()));
    tasks.into_iter().flatten().flatten().any(|task| {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.split_whitespace().any(boots)
    })
}
