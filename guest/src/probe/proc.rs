//! What `/proc` says of a process.

use std::fs;

use nix::unistd::Pid;

/// A line of `/proc/PID/status`, without its name.
#[must_use]
pub fn status_line(pid: Pid, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

/// A process's PIDs from the namespace of `/proc` down to its own; none where
/// the kernel does not tell.
#[must_use]
pub fn nspid(pid: Pid) -> Option<Vec<i32>> {
    let line = status_line(pid, "NSpid")?;
    line.split_whitespace()
        .map(|pid| pid.parse().ok())
        .collect()
}
