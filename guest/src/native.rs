//! What host and guest say to one another where there is no machine between
//! them: the guest runs as a program, in namespaces of its own.

use serde::{Deserialize, Serialize};

use crate::{Kernel, Outcome};

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

/// One line of its report. The order is `Entered`, an `Ended` for each scenario,
/// `Finished`; nothing follows a `Broken`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NativeRecord {
    /// It is in its namespaces.
    Entered {
        /// As uname(2) tells.
        kernel: Kernel,
        /// Whether it took a user namespace, for want of privilege: it has all
        /// capabilities there and no other user than itself.
        user_namespace: bool,
    },
    /// A scenario is over.
    Ended {
        /// Its name.
        scenario: String,
        /// How it ended.
        outcome: Outcome,
        /// What it saw until then.
        observation: crate::Observation,
    },
    /// It cannot go on.
    Broken {
        /// What went wrong.
        why: String,
    },
    /// The whole job was done.
    Finished,
}
