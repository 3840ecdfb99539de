//! Many kernels side by side, over what bare QEMU would take with every core in
//! use.

use std::process::Command;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::line::{Figure, Goal, Line, Measured};
use super::stopwatch::{median, time};
use super::{Entry, Speed};
use crate::RunDir;

const GOAL: Goal = Goal::AtMost(1.15);

/// `test-kernels` with all kernels over the sum of their floors by the cores.
pub(crate) fn line(speed: &Speed, entries: &[(Entry, Option<Duration>)], dir: &RunDir) -> Line {
    let cores = available_parallelism().map_or(1, usize::from);
    let measure = || -> Result<Measured> {
        let floors: Option<Duration> = entries.iter().map(|(_, floor)| *floor).sum();
        let floors = floors.context("a kernel does not boot")?;
        let log = dir.path().join("output");
        let mut times = Vec::new();
        for _ in 0..speed.rounds {
            let mut command = Command::new(&speed.program);
            command
                .arg("test-kernels")
                .args(entries.iter().map(|(entry, _)| &entry.spec));
            let run = time(&mut command, &log)?;
            if run.status != 0 {
                bail!("wait status {}: see {}", run.status, log.display());
            }
            times.push(run.took.wall);
        }
        let took = median(times).unwrap_or_default();
        // Fewer kernels than cores leave cores idle.
        let used = u32::try_from(cores.min(entries.len()))?;
        Ok(Measured::of_wall(took, floors / used))
    };
    Line {
        figure: Figure::Matrix,
        kernel: format!("{} kernels", entries.len()),
        what: "`test-kernels`, all scenarios".to_owned(),
        against: format!(
            "the sum of bare QEMU's times / {}",
            cores.min(entries.len())
        ),
        result: measure().map_err(|error| format!("{error:#}")),
        goal: Some(GOAL),
    }
}
