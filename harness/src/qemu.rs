//! The QEMU of this host.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::machine::SANDBOX;
use crate::remembered::{recall, remember};
use crate::workspace;

/// The program's name, looked up in PATH.
pub(crate) const PROGRAM: &str = "qemu-system-x86_64";
/// The oldest version that knows all the options we give: 2.11 has `-sandbox`
/// with its parts (2.9 `-accel`). What is tested is Debian's 7.2.
const OLDEST: (u32, u32) = (2, 11);
/// How long QEMU may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is known of a QEMU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qemu {
    /// Where it is.
    pub path: PathBuf,
    /// When it was installed.
    installed: SystemTime,
    /// Its version, in its own words.
    pub version: String,
    /// Whether it can put itself into a sandbox here: it takes a QEMU that was
    /// built with seccomp, and a kernel that has it.
    pub sandbox: bool,
}

/// The first QEMU in PATH. It is asked once what it can do, and again after it
/// was replaced.
///
/// # Errors
/// Where there is none, or one that is too old or does not run.
pub fn find() -> Result<Qemu> {
    let path = which::which(PROGRAM).with_context(|| {
        format!("{PROGRAM} is not in PATH: `cargo xtask test-kernels --yes` installs it")
    })?;
    let installed = fs::metadata(&path).and_then(|file| file.modified());
    let installed = installed.with_context(|| format!("looking at {}", path.display()))?;
    let memory = workspace::qemu_memory();
    if let Some(known) = recall::<Qemu>(&memory)
        && (&known.path, known.installed) == (&path, installed)
    {
        return Ok(known);
    }
    let qemu = Qemu {
        version: version(&path)?,
        sandbox: runs_in_sandbox(&path),
        path,
        installed,
    };
    // Where nothing can be remembered, it is asked again.
    let _ = remember(&memory, &qemu);
    Ok(qemu)
}

/// What QEMU says when it is asked for its version, if that is new enough.
fn version(path: &Path) -> Result<String> {
    let shown = path.display();
    let said = ask(path, &["-version"], "");
    let said = said.with_context(|| format!("{shown} does not run: install QEMU again"))?;
    let version = said.lines().next().unwrap_or_default();
    let version = version.strip_prefix("QEMU emulator version ");
    let version = version.with_context(|| {
        format!("{shown} does not say which version of QEMU it is: put one first in PATH that does")
    })?;
    if !is_new_enough(version) {
        let (major, minor) = OLDEST;
        bail!(
            "{shown} is QEMU {version}, and it takes {major}.{minor} or newer: upgrade it, or put \
             a newer one before it in PATH"
        );
    }
    Ok(version.to_owned())
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|number| number.parse().ok());
    matches!((number(), number()), (Some(major), Some(minor)) if (major, minor) >= OLDEST)
}

/// Whether a machine without anything starts in the sandbox.
fn runs_in_sandbox(path: &Path) -> bool {
    let arguments = [
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-machine",
        "none",
        "-sandbox",
        SANDBOX,
        "-monitor",
        "stdio",
    ];
    ask(path, &arguments, "quit\n").is_ok()
}

/// What a QEMU says to these words, if it ends well.
fn ask(path: &Path, arguments: &[&str], words: &str) -> Result<String> {
    let mut process = Command::new(path)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let pid = Pid::from_raw(process.id().cast_signed());
    // What it does not read, it does not need.
    let stdin = process.stdin.take();
    let _ = stdin.map(|mut stdin| stdin.write_all(words.as_bytes()));
    let (tell, hear) = channel();
    thread::spawn(move || tell.send(process.wait_with_output()));
    let Ok(output) = hear.recv_timeout(PATIENCE) else {
        // That it has gone meanwhile is all the same.
        let _ = kill(pid, Signal::SIGKILL);
        bail!("no answer within {} s", PATIENCE.as_secs());
    };
    let output = output?;
    if !output.status.success() {
        bail!("{}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Why a QEMU did not start, and what to do.
pub(crate) fn did_not_start(path: &Path, status: ExitStatus, complaint: &str) -> String {
    let said = if complaint.is_empty() {
        "it does not say why"
    } else {
        complaint
    };
    let hint = if complaint.contains("allocate memory") || complaint.contains("guest memory") {
        "give it less with --memory, or run fewer machines at a time with --jobs"
    } else {
        "if this is not what you asked it for, put another QEMU first in PATH"
    };
    format!(
        "{} did not start ({status}): {said}; {hint}",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        for new in ["7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)", "2.11.0", "10.0"] {
            assert!(is_new_enough(new), "{new}");
        }
        for old in ["2.10.1", "2.5.0 (Debian)", "1.7", "", "unknown"] {
            assert!(!is_new_enough(old), "{old}");
        }
    }
}
