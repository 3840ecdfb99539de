//! What `/proc` says of a process.

use std::fs;

use nix::unistd::Pid;

/// A line of `/proc/PID/status`, without its name.
#[must_use]
pub fn status_line(pid: Pid, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    field(&status, name).map(str::to_owned)
}

/// The value of a field in the text of `/proc/PID/status`.
pub(crate) fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = status.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.map(str::trim)
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
