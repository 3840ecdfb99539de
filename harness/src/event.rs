//! What happens in a run, one thing after the other.
//!
//! Every report is made from these: what is shown while a run goes on, and the
//! page that is made of it later. A run keeps them in [`RunDir::events`], one
//! JSON object a line.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use guest::Scenario;
use jiff::Timestamp;
use nix::unistd::gethostname;
use serde::{Deserialize, Serialize};

use crate::{Choice, Exit, Row, RunDir, Shard};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run begins.
    Run(Header),
    /// The accelerator was chosen.
    Accelerator(Choice),
    /// A kernel is done.
    Kernel(Box<Row>),
    /// The run is over; one that has no such event was cut short.
    Finished {
        /// What it comes to.
        exit: Exit,
    },
}

/// What is known of a run before it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name: the time and the process, as its directory is called.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// The host's name.
    pub host: String,
    /// The names of the scenarios, in the order they are run.
    pub scenarios: Vec<String>,
    /// The part of the kernels that was asked for, where it is not all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

impl Header {
    /// Of a run that begins now, of all kernels.
    #[must_use]
    pub fn now(dir: &RunDir, scenarios: &[&Scenario]) -> Self {
        let name = |name: Option<&OsStr>| name.unwrap_or_default().to_string_lossy().into_owned();
        Self {
            run: name(dir.path().file_name()),
            started: Timestamp::now(),
            host: name(gethostname().ok().as_deref()),
            scenarios: scenarios.iter().map(|s| s.name.to_owned()).collect(),
            shard: None,
        }
    }
}

/// The events of a run, in a file.
#[derive(Debug)]
pub struct EventLog(Mutex<File>);

impl EventLog {
    /// Begins a new file.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self(Mutex::new(file)))
    }

    /// Adds an event, as a whole line.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add(&self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        let mut file = self.0.lock().map_err(|_| io::ErrorKind::Other)?;
        file.write_all(&line)
    }
}
