//! How a program is started that may have a loader and libraries of its own.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// A program, what it is given before all other arguments, and its environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The program to execute: QEMU, or the loader that loads it.
    pub program: PathBuf,
    /// The arguments that go before all others.
    pub arguments: Vec<OsString>,
    /// The variables to set.
    pub environment: Vec<(OsString, OsString)>,
}

/// What would lead a loader to libraries of the host.
const HOST_LIBRARIES: [&str; 3] = ["LD_LIBRARY_PATH", "LD_PRELOAD", "LD_AUDIT"];

impl Launch {
    /// A program of the host, with the host's libraries.
    #[must_use]
    pub fn of(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// The command, to which further arguments may be added.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        if !self.arguments.is_empty() {
            for name in HOST_LIBRARIES {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl From<images::Launch> for Launch {
    fn from(launch: images::Launch) -> Self {
        Self {
            program: launch.program,
            arguments: launch.arguments,
            environment: launch.environment,
        }
    }
}

impl fmt::Display for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.program.display().fmt(f)
    }
}
