//! Writes the log of a run: its events as JSON, one object a line.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Serialize;

use super::event::Event;
use super::event_bus::Sink;

/// Writes each event as it happens, so that a run that is cut short leaves a log.
pub struct EventLog<W> {
    to: W,
    /// What is written to; for people.
    name: String,
}

#[derive(Serialize)]
struct LoggedEvent<'a> {
    time: Timestamp,
    #[serde(flatten)]
    event: &'a Event,
}

impl EventLog<File> {
    /// Begins a new file.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self::new(file, path.display().to_string()))
    }
}

impl<W: Write> EventLog<W> {
    /// Writes to this, of that name.
    pub fn new(to: W, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { to, name }
    }
}

impl<W: Write + Send> Sink for EventLog<W> {
    fn take(&mut self, event: &Event) -> Result<()> {
        let time = Timestamp::now();
        let mut line = serde_json::to_vec(&LoggedEvent { time, event })?;
        line.push(b'\n');
        // A whole line at a time, so that a reader who follows the file never waits for
        // the rest of one.
        self.to
            .write_all(&line)
            .and_then(|()| self.to.flush())
            .with_context(|| format!("writing {}", self.name))
    }
}
