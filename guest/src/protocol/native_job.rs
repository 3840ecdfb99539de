//! What host and guest say to one another where there is no machine between
//! them: the guest runs as a program, in namespaces made for it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::claims::{Observation, RunningKernel};

/// The word that starts the guest so, as its only argument. It reads a
/// [`NativeJob`] from stdin, as JSON, and writes a [`NativeRecord`] a line.
pub const NATIVE: &str = "native";

/// What the host asks of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeJob {
    /// The scenarios to run, by name, in this order.
    pub scenarios: Vec<String>,
    /// How long each may take, in milliseconds.
    pub deadline_ms: u64,
}

/// What keeps the guest from doing all that root of the whole system may. A failure
/// for that reason proves nothing about the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// It is in a user namespace: one it made, having no privilege, or a container's.
    pub user_namespace: bool,
    /// It was started without some capability, as root of a container is.
    pub lacks_capabilities: bool,
    /// A seccomp filter answers some calls in the kernel's place.
    pub seccomp: bool,
}

impl Confinement {
    /// Whether there is any.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.user_namespace || self.lacks_capabilities || self.seccomp
    }
}

/// `a user namespace, a seccomp filter`.
impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.user_namespace, "a user namespace"),
            (self.lacks_capabilities, "without some capabilities"),
            (self.seccomp, "a seccomp filter"),
        ];
        let parts = parts.iter().filter(|(there, _)| *there);
        let parts: Vec<&str> = parts.map(|(_, words)| *words).collect();
        f.write_str(&parts.join(", "))
    }
}

/// One line of its report. The order is `Entered`, an `Ended` for each scenario,
/// `Finished`; nothing follows a `Broken`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NativeRecord {
    /// It is in its namespaces.
    Entered {
        /// As uname(2) tells.
        kernel: RunningKernel,
        /// What keeps it from what root of the whole system may do.
        confinement: Confinement,
    },
    /// A scenario is over.
    Ended {
        /// Its name.
        scenario: String,
        /// How it ended.
        outcome: Outcome,
        /// What it saw until then.
        observation: Observation,
    },
    /// It cannot go on.
    Broken {
        /// What went wrong.
        why: String,
    },
    /// The whole job was done.
    Finished,
}
