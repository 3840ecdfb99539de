//! Processes that outlive their scenario.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::probe::reap;

/// How long to wait for killed processes. One that is stuck in the kernel must not
/// keep the next scenario from running.
const PATIENCE: Duration = Duration::from_secs(2);

/// Kills every process but PID 1 and reaps all: the next scenario finds the
/// machine as the first one did.
pub(crate) fn end_all() {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        // -1 is every process but the caller (kill(2)); kernel threads ignore it.
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        match reap(None) {
            Err(Errno::ECHILD) => return,
            Ok(None) => sleep(Duration::from_millis(1)),
            _ => {}
        }
    }
}
