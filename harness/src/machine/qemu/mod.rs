//! Finds the QEMU that runs the machines, and what it can do.

mod choice;
mod launch_script;

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use guest::Arch;
use images::{Store, ToolName};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::shared_memory;
use crate::results::{Downloads, Watcher};
use crate::system::{ChildProcess, paths, recall, remember, words};

pub use choice::QemuChoice;
pub use images::Launch;
pub use launch_script::launch_script;

/// The oldest version that has all options used: 2.11 has the parts of `-sandbox` (2.9
/// `-accel`). Debian's 7.2 is tested.
const OLDEST: (u32, u32) = (2, 11);
/// The oldest version whose states are used: older ones were not tried.
const SAVES: (u32, u32) = (5, 2);
/// QEMU's seccomp sandbox: a guest that takes over QEMU can neither start a program nor
/// change its user.
pub(super) const SANDBOX: &str =
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

/// How long QEMU may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A QEMU and its properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qemu {
    /// How it is started.
    pub launch: Launch,
    /// When its program was installed.
    installed: SystemTime,
    /// Its version, in its own words.
    pub version: String,
    /// Where it is from: its path on this host, or the archive.
    pub from: String,
    /// Why its sandbox does not work here, if so. The sandbox takes a QEMU built with
    /// seccomp, and a host kernel that has it.
    pub no_sandbox: Option<String>,
    /// Whether its machines can share memory with this process; some distributions
    /// build a QEMU without the device.
    pub can_share_memory: bool,
}

impl fmt::Display for Qemu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QEMU {}, {}", self.version, self.from)
    }
}

impl Qemu {
    /// What a saved state depends on of it; none if it is too old to save one that another
    /// process restores.
    pub(crate) fn state_words(&self) -> Option<String> {
        let words = format!("{:?} {:?} {}", self.launch, self.installed, self.version);
        is_at_least(&self.version, SAVES).then_some(words)
    }

    /// Finds the QEMU that was asked for, for machines of an architecture. `Auto` is the host's if it is new enough,
    /// else Strata's own from Debian's archive.
    ///
    /// # Errors
    /// If there is none, or one that is too old or does not run.
    pub fn find(
        choice: &QemuChoice,
        arch: &'static Arch,
        store: &Store,
        watcher: &dyn Watcher,
    ) -> Result<Self> {
        match choice {
            QemuChoice::Path(path) => Self::at(path, arch),
            QemuChoice::Host => Self::of_host(arch),
            QemuChoice::Own => Self::own(arch, store, watcher),
            QemuChoice::Auto => match Self::of_host(arch) {
                Ok(qemu) => Ok(qemu),
                Err(unfit) => Self::own(arch, store, watcher).with_context(|| format!("{unfit:#}")),
            },
        }
    }

    /// The first in PATH.
    pub(crate) fn of_host(arch: &Arch) -> Result<Self> {
        let path = which::which(arch.qemu);
        let path = path.with_context(|| format!("{} is not in PATH", arch.qemu))?;
        Self::at(&path, arch)
    }

    /// A program of this host.
    pub(crate) fn at(path: &Path, arch: &Arch) -> Result<Self> {
        let path = std::path::absolute(path).context("finding the current directory")?;
        let from = path.display().to_string();
        Self::ask(Launch::of_host(path.clone()), &path, arch, from)
    }

    /// The one from Debian's archive, with its own libraries.
    fn own(arch: &'static Arch, store: &Store, watcher: &dyn Watcher) -> Result<Self> {
        let tool = store
            .tool(ToolName::Qemu(arch), &Downloads::told_to(watcher))
            .context("obtaining Strata's own QEMU")?;
        let program = tool.path("usr/bin").join(arch.qemu);
        let from = format!("Strata's own, from {}", tool.source);
        Self::ask(tool.launch(arch.qemu), &program, arch, from)
    }

    /// Asks QEMU what it can do, once until it is replaced.
    fn ask(launch: Launch, program: &Path, arch: &Arch, from: String) -> Result<Self> {
        let installed = fs::metadata(program).and_then(|file| file.modified());
        let installed = installed.with_context(|| format!("looking at {}", program.display()))?;
        let memory = paths::memory(&format!("{}.json", arch.qemu_tool));
        let known = memory.as_deref().and_then(recall::<Self>);
        if let Some(known) = known
            && (&known.launch, known.installed) == (&launch, installed)
        {
            return Ok(Self { from, ..known });
        }
        let qemu = Self {
            version: version(&launch)?,
            no_sandbox: why_no_sandbox(&launch),
            can_share_memory: has_device(&launch, shared_memory::DEVICE),
            launch,
            installed,
            from,
        };
        // A failure may pass, so it is not remembered.
        if let Some(memory) = memory
            && qemu.no_sandbox.is_none()
        {
            let _ = remember(&memory, &qemu);
        }
        Ok(qemu)
    }
}

/// QEMU's version, if it is new enough.
fn version(launch: &Launch) -> Result<String> {
    let said = ask(launch, &["-version"], "", PATIENCE);
    let said = said.with_context(|| format!("{launch} does not run: install QEMU again"))?;
    let version = said.lines().next().unwrap_or_default();
    let version = version.strip_prefix("QEMU emulator version ");
    let version = version.with_context(|| {
        format!(
            "{launch} does not say which version of QEMU it is: name another with --qemu, or \
             --qemu own for Strata's"
        )
    })?;
    if !is_at_least(version, OLDEST) {
        let (major, minor) = OLDEST;
        bail!(
            "{launch} is QEMU {version}, and it takes {major}.{minor} or newer: upgrade it, name \
             another with --qemu, or --qemu own for Strata's"
        );
    }
    Ok(version.to_owned())
}

fn is_at_least(version: &str, wanted: (u32, u32)) -> bool {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|number| number.parse().ok());
    matches!((number(), number()), (Some(major), Some(minor)) if (major, minor) >= wanted)
}

/// Why QEMU does not start in its sandbox, if it does not.
fn why_no_sandbox(launch: &Launch) -> Option<String> {
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
    let answer = ask(launch, &arguments, "quit\n", PATIENCE);
    answer.err().map(|error| words(&error))
}

/// Whether it knows a device.
fn has_device(launch: &Launch, device: &str) -> bool {
    let help = format!("{device},help");
    let arguments = ["-machine", "none", "-device", &help];
    ask(launch, &arguments, "", PATIENCE).is_ok()
}

/// What a QEMU writes to stdout, given these words on stdin, if it succeeds within
/// `patience`.
fn ask(launch: &Launch, arguments: &[&str], words: &str, patience: Duration) -> Result<String> {
    let mut command = launch.command();
    command.args(arguments).stderr(Stdio::piped());
    let process = ChildProcess::start(&mut command, Signal::SIGKILL, words.as_bytes());
    let process = process.with_context(|| format!("starting {launch}"))?;
    match process.answer(patience) {
        Ok(answer) if answer.status.success() => Ok(answer.stdout),
        Ok(answer) => bail!("{}: {}", answer.status, answer.stderr.trim()),
        Err(error) if error.kind() == ErrorKind::TimedOut => {
            bail!("no answer within {} s", patience.as_secs())
        }
        Err(error) => Err(error).context("waiting for QEMU"),
    }
}

/// The error for a QEMU that did not start, with advice.
pub(crate) fn did_not_start(launch: &Launch, status: ExitStatus, complaint: &str) -> String {
    let said = if complaint.is_empty() {
        "it does not say why"
    } else {
        complaint
    };
    let hint = if complaint.contains("allocate memory") || complaint.contains("guest memory") {
        "free memory or raise `ulimit -v`; if you gave it more than it has by itself, give it less \
         with --memory"
    } else {
        "if this is not what you asked it for, name another with --qemu"
    };
    format!("{launch} did not start ({status}): {said}; {hint}")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn versions_are_told_apart() {
        for new in ["7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)", "2.11.0", "10.0"] {
            assert!(is_at_least(new, OLDEST), "{new}");
        }
        for old in ["2.10.1", "2.5.0 (Debian)", "1.7", "", "unknown"] {
            assert!(!is_at_least(old, OLDEST), "{old}");
        }
    }

    /// `run` has no --jobs, and where there is no --memory, none was given.
    #[test]
    fn advice_about_memory_fits_every_command() {
        let status = std::os::unix::process::ExitStatusExt::from_raw(1 << 8);
        let qemu = Launch::of_host("qemu");
        let said = did_not_start(&qemu, status, "Cannot allocate memory");
        assert!(
            said.contains("ulimit -v") && !said.contains("--jobs"),
            "{said}"
        );
    }

    fn ask_shell(script: &str, words: &str, patience: u64) -> Result<String> {
        let shell = Launch::of_host("/bin/sh");
        ask(
            &shell,
            &["-c", script],
            words,
            Duration::from_millis(patience),
        )
    }

    #[test]
    fn an_answer_is_the_stdout_of_success() {
        let patience = PATIENCE_OF_TESTS;
        assert_eq!(ask_shell("cat", "words", patience).unwrap(), "words");
        let error = ask_shell("echo why >&2; exit 3", "", patience).unwrap_err();
        assert_eq!(error.to_string(), "exit status: 3: why");
    }

    #[test]
    fn a_qemu_that_does_not_answer_is_killed() {
        let begun = Instant::now();
        let error = ask_shell("exec sleep 60", "", 300).unwrap_err();
        assert_eq!(error.to_string(), "no answer within 0 s");
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    /// In milliseconds, on a busy host.
    const PATIENCE_OF_TESTS: u64 = 30_000;
}
