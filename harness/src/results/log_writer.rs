//! Writes the log of a run: its events as JSON, one object a line.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Serialize;

use super::event::Event;
use super::event_bus::Sink;
use crate::system::write_out;

/// Writes each event as it happens, so that a run that is cut short leaves a log.
pub struct EventLog<W> {
    to: W,
    /// What is written to; for people.
    name: String,
}

/// One line of `test-kernels --format json`, and of `events.jsonl` in the directory of a
/// run.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields, title = "An event of a run of Strata")
)]
struct LoggedEvent<'a> {
    /// When it happened.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    time: Timestamp,
    #[serde(flatten)]
    event: &'a Event,
}

/// The JSON Schema of a line of the log. No other fields fit it.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(without_sizes);
    let schema = settings
        .into_generator()
        .into_root_schema_for::<LoggedEvent<'_>>();
    schema.to_value()
}

/// Removes the formats of numbers, such as `uint64`, which are not of JSON Schema.
#[cfg(feature = "schema")]
fn without_sizes(schema: &mut schemars::Schema) {
    if schema
        .get("format")
        .is_some_and(|format| format != "date-time")
    {
        schema.remove("format");
    }
    schemars::transform::transform_subschemas(&mut without_sizes, schema);
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
        write_out(&mut self.to, &line).with_context(|| format!("writing {}", self.name))
    }
}
