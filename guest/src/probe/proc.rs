//! What `/proc` says of a process.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::Pid;

use super::errno_of;

/// A line of `/proc/PID/status`, without its name.
#[must_use]
pub fn status_line(pid: Pid, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    field(&status, name).map(str::to_owned)
}

/// Writes to a file of a file system that makes its files itself: one that is not there is
/// not to be made.
///
/// # Errors
/// ENOENT where it is not there.
pub fn write_if_there(path: impl AsRef<Path>, text: &str) -> Result<(), Errno> {
    let file = OpenOptions::new().write(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(errno_of)
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
