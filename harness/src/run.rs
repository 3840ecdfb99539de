//! A run that was made, here or elsewhere, read again from its events.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::event::{Event, Header};
use crate::{Choice, Row, target};

/// The name of the file that holds a run's events, in its directory.
pub(crate) const EVENTS: &str = "events.jsonl";

/// What a run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What was known before.
    pub header: Header,
    /// The accelerator, where one was needed.
    pub accelerator: Option<Choice>,
    /// The kernels that were done, in the order in which they were.
    pub rows: Vec<Row>,
    /// Whether it came to its end.
    pub finished: bool,
}

impl Run {
    /// Reads a run: its directory, or the file of its events.
    ///
    /// # Errors
    /// Where there is none, or it is not understood.
    pub fn read(path: &Path) -> Result<Self> {
        let file = if path.is_dir() {
            path.join(EVENTS)
        } else {
            path.to_owned()
        };
        let text =
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        Self::of(&text).with_context(|| format!("{} is no record of a run", file.display()))
    }

    /// The newest run in `target/strata`: its directory.
    ///
    /// # Errors
    /// Where there is none.
    pub fn newest() -> Result<PathBuf> {
        let dir = target().join("strata");
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        let runs = entries.map(|entry| entry.path());
        // A run is named by its time.
        let newest = runs.filter(|run| run.join(EVENTS).is_file()).max();
        newest.with_context(|| {
            format!(
                "no run in {}: make one with `cargo xtask test-kernels`",
                dir.display()
            )
        })
    }

    fn of(text: &str) -> Result<Self> {
        let mut events = text.lines().enumerate().map(|(index, line)| {
            serde_json::from_str(line).with_context(|| format!("line {}", index + 1))
        });
        let Some(Event::Run(header)) = events.next().transpose()? else {
            bail!("it does not begin with a run");
        };
        let mut run = Self {
            header,
            accelerator: None,
            rows: Vec::new(),
            finished: false,
        };
        for event in events {
            match event? {
                Event::Run(_) => bail!("it holds more than one run"),
                Event::Accelerator(choice) => run.accelerator = Some(choice),
                Event::Kernel(row) => run.rows.push(*row),
                Event::Finished { .. } => run.finished = true,
            }
        }
        Ok(run)
    }
}
