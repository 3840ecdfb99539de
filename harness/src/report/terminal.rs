//! What is shown while a suite runs.

use std::collections::HashMap;
use std::sync::Mutex;

use images::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::report::program::booted_anew;
use crate::{Choice, Problem, Row, Verdict, Watcher};

/// Progress on stderr: bars for downloads where it is a terminal, and a line for
/// all that is worth one.
#[derive(Debug, Default)]
pub struct Terminal {
    bars: MultiProgress,
    transfers: Mutex<HashMap<String, ProgressBar>>,
    /// Whether stderr is somebody else's as well.
    reserved: bool,
}

impl Terminal {
    /// One that keeps to what cannot be left unsaid: stderr is a program's.
    #[must_use]
    pub fn reserved() -> Self {
        Self {
            reserved: true,
            ..Self::default()
        }
    }

    fn say(&self, line: &str) {
        // Between the bars, where there are any.
        self.bars.suspend(|| eprintln!("{line}"));
    }

    fn with_transfers(&self, act: impl FnOnce(&mut HashMap<String, ProgressBar>)) {
        if let Ok(mut transfers) = self.transfers.lock() {
            act(&mut transfers);
        }
    }
}

impl Progress for Terminal {
    fn started(&self, name: &str, total: Option<u64>) {
        self.with_transfers(|transfers| {
            let bar = match total {
                Some(total) => ProgressBar::new(total),
                None => ProgressBar::new_spinner(),
            };
            // A template without this crate's own mistakes always parses.
            if let Ok(style) = ProgressStyle::with_template(
                "{msg:40!} {bytes:>10} of {total_bytes:10} {bytes_per_sec:>12} {bar:20}",
            ) {
                bar.set_style(style);
            }
            let bar = self.bars.add(bar.with_message(name.to_owned()));
            if let Some(old) = transfers.insert(name.to_owned(), bar) {
                old.finish_and_clear();
            }
        });
    }

    fn advanced(&self, name: &str, bytes: u64) {
        self.with_transfers(|transfers| {
            if let Some(bar) = transfers.get(name) {
                bar.inc(bytes);
            }
        });
    }

    fn finished(&self, name: &str) {
        self.with_transfers(|transfers| {
            if let Some(bar) = transfers.remove(name) {
                bar.finish_and_clear();
            }
        });
    }

    fn note(&self, text: &str) {
        self.say(text);
    }
}

impl Watcher for Terminal {
    fn accelerator(&self, choice: &Choice) {
        if !self.reserved {
            self.say(&format!("accelerator {choice}"));
        }
    }

    fn row(&self, row: &Row) {
        self.say(&line(row));
    }
}

/// A kernel in one line.
fn line(row: &Row) -> String {
    match &row.problem {
        Some(Problem::Unavailable(why)) => return format!("{}: not run: {why}", row.name),
        Some(Problem::Failed(why)) => return format!("{}: FAILED: {why}", row.name),
        None => {}
    }
    let passed = row.count(Verdict::Passed);
    let red = row
        .cells
        .iter()
        .filter(|cell| cell.verdict.is_red())
        .count();
    let mut line = format!(
        "{}: {passed} of {} passed in {:.1} s",
        row.name,
        row.cells.len(),
        row.took.as_secs_f64()
    );
    if red > 0 {
        line.push_str(&format!(", {red} RED"));
    }
    if let Some(version) = row.version() {
        line.push_str(&format!(" ({version})"));
    }
    line.push_str(&booted_anew(&row.retries));
    line
}
