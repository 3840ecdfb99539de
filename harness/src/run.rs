//! A run that was made, here or elsewhere, read again from its events.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::event::{Event, Header};
use crate::program_name;
use crate::workspace::{EVENTS, runs};
use crate::{Choice, Row};

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
    /// Reads a run: its directory, or the file of its events. Where that breaks
    /// off within its last line, as that of a run that was killed may, this line
    /// is left out.
    ///
    /// # Errors
    /// Where there is none, or it is not understood.
    pub fn read(path: &Path) -> Result<Self> {
        let file = if path.is_dir() {
            path.join(EVENTS)
        } else {
            path.to_owned()
        };
        let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        Self::of(&bytes).with_context(|| format!("{} is no record of a run", file.display()))
    }

    /// The newest run: its directory.
    ///
    /// # Errors
    /// Where there is none.
    pub fn newest() -> Result<PathBuf> {
        let dir = runs()?;
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        let runs = entries.map(|entry| entry.path());
        // A run is named by its time.
        let newest = runs.filter(|run| run.join(EVENTS).is_file()).max();
        newest.with_context(|| {
            format!(
                "no run in {}: make one with `{} test-kernels`",
                dir.display(),
                program_name()
            )
        })
    }

    fn of(bytes: &[u8]) -> Result<Self> {
        let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
        // Behind the last newline is what a run that was killed did not finish.
        lines.pop();
        let mut events = lines.into_iter().enumerate().map(|(index, line)| {
            serde_json::from_slice(line).with_context(|| format!("line {}", index + 1))
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
                Event::Qemu { .. }
                | Event::Step { .. }
                | Event::Note { .. }
                | Event::DownloadStarted { .. }
                | Event::DownloadAdvanced { .. }
                | Event::DownloadFinished { .. }
                | Event::Boot { .. }
                | Event::Scenario { .. } => {}
            }
        }
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{EventLog, Exit, Sink};

    fn log() -> Vec<u8> {
        let header = Header {
            run: "20260101T000000Z-1".to_owned(),
            started: Timestamp::UNIX_EPOCH,
            host: "example".to_owned(),
            kernels: vec!["3.10".to_owned()],
            scenarios: Vec::new(),
            shard: None,
        };
        let mut bytes = Vec::new();
        let mut log = EventLog::new(&mut bytes, "a buffer");
        for event in [
            Event::Run(header),
            // Its sign is three bytes long, and may be cut as well.
            Event::Kernel(Box::new(Row::new("3.10\u{FFFD}", "3.10"))),
            Event::Finished { exit: Exit::Agreed },
        ] {
            log.take(&event).unwrap();
        }
        bytes
    }

    #[test]
    fn a_log_may_break_off_anywhere_in_its_last_line() {
        let whole = log();
        let ends: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
        for length in ends[0] + 1..=whole.len() {
            let run = Run::of(&whole[..length]).unwrap();
            let lines = ends.iter().filter(|&&end| end < length).count();
            assert_eq!(run.rows.len(), usize::from(lines >= 2), "{length} bytes");
            assert_eq!(run.finished, lines == 3, "{length} bytes");
        }
        assert!(Run::of(&whole[..ends[0]]).is_err());
    }

    #[test]
    fn a_log_that_is_damaged_elsewhere_is_none() {
        let mut damaged = log();
        let middle = damaged.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        damaged[middle] = b'[';
        let error = format!("{:#}", Run::of(&damaged).unwrap_err());
        assert!(error.contains("line 2"), "{error}");
    }
}
