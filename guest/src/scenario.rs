//! A behaviour of the kernel: how to look at it, and what must be seen.

use std::fmt;
use std::io;

use crate::probe::{Child, Errno, Pid, WaitStatus};
use crate::{Claim, Fact, Observation, Version};

/// Looks at the running kernel. It runs in a process of its own, as root, with
/// `/proc` of its own PID namespace.
pub type Probe = fn(&mut Facts) -> Result<(), ProbeError>;

/// One behaviour: its probe, and beside it what each kernel must show.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Stable and the same everywhere: in commands, tests and reports.
    pub name: &'static str,
    /// What is tried, in half a sentence.
    pub summary: &'static str,
    /// How to look.
    pub probe: Probe,
    /// What must be seen, by version, oldest first.
    pub claims: &'static [Claim],
}

impl Scenario {
    /// The claim about a version; none before the first.
    #[must_use]
    pub fn claim(&self, version: Version) -> Option<&'static Claim> {
        self.claims
            .iter()
            .rev()
            .find(|claim| claim.reached_by(version))
    }
}

/// Where a probe says what it sees, fact by fact: what was seen before it
/// crashes or hangs is not lost.
pub struct Facts<'a> {
    sink: &'a mut dyn FnMut(Fact),
}

impl<'a> Facts<'a> {
    /// Facts go to `sink` as they are seen.
    pub fn new(sink: &'a mut dyn FnMut(Fact)) -> Self {
        Self { sink }
    }

    /// Something was seen.
    pub fn saw(&mut self, name: impl fmt::Display, value: impl fmt::Display) {
        let fact = Fact {
            name: name.to_string(),
            value: value.to_string(),
        };
        (self.sink)(fact);
    }

    /// How a call ended: `ok`, or the name of its errno.
    pub fn saw_result<T>(&mut self, name: impl fmt::Display, result: &Result<T, Errno>) {
        match result {
            Ok(_) => self.saw(name, "ok"),
            Err(errno) => self.saw(name, format_args!("{errno:?}")),
        }
    }

    /// What a child saw of itself: `1`, `2`, … in a PID namespace of its own,
    /// `outer` in the caller's, and `fork:ENOMEM` where there is no child.
    pub fn saw_child(&mut self, name: impl fmt::Display, child: &Result<Child, Errno>) {
        match child {
            Ok(child) => self.saw(name, child.sees()),
            Err(errno) => self.saw(name, format_args!("fork:{errno:?}")),
        }
    }

    /// How a child ended: `exit:0`, `killed:9`.
    pub fn saw_end(&mut self, name: impl fmt::Display, end: WaitStatus) {
        match end {
            WaitStatus::Exited(_, status) => self.saw(name, format_args!("exit:{status}")),
            WaitStatus::Signaled(_, signal, _) => {
                self.saw(name, format_args!("killed:{}", signal as i32));
            }
            other => self.saw(name, format!("{other:?}").replace(' ', "")),
        }
    }

    /// What a process saw. Its PID is `outer` where it sees the one that its
    /// parent sees.
    pub fn saw_program(&mut self, process: Pid, seen: Observation) {
        for Fact { name, value } in seen.0 {
            if name == "pid" && value == process.to_string() {
                self.saw(name, "outer");
            } else {
                self.saw(name, value);
            }
        }
    }

    /// How a call ended that makes a child, and if well what the child saw of
    /// itself: `vfork=ok vfork.child=1`.
    pub fn saw_call(&mut self, name: &str, child: &Result<Child, Errno>) {
        self.saw_result(name, child);
        if let Ok(child) = child {
            self.saw(format_args!("{name}.child"), child.sees());
        }
    }
}

impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts").finish_non_exhaustive()
    }
}

/// Why a probe could not finish looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// This kernel cannot be asked: something is configured out or switched
    /// off. Names what, such as `CONFIG_USER_NS`.
    NotApplicable(String),
    /// Something failed that the scenario is not about.
    Failed(String),
}

impl From<Errno> for ProbeError {
    fn from(errno: Errno) -> Self {
        Self::Failed(errno.to_string())
    }
}

impl From<io::Error> for ProbeError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
