//! What is shown while a suite runs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::{Event, Problem, Row, Sink, Verdict, Watcher};

const DOWNLOAD: &str = "{msg:40!} {bytes:>10} of {total_bytes:10} {bytes_per_sec:>12} {bar:20}";
const BOOTING: &str = "{msg:24!} booting, {elapsed}";
const RUNNING: &str = "{msg:24!} {pos:>3} of {len} scenarios {bar:20}";
/// How often a bar without news is drawn.
const TICK: Duration = Duration::from_secs(1);

/// Progress on stderr: bars for downloads and kernels where it is a terminal, and
/// a line for all that is worth one.
#[derive(Debug)]
pub struct Terminal {
    bars: MultiProgress,
    under_way: Mutex<HashMap<What, ProgressBar>>,
    accelerator: bool,
    kernels: bool,
}

/// What has a bar, by its name.
#[derive(Debug, PartialEq, Eq, Hash)]
enum What {
    Download(String),
    Kernel(String),
}

impl Default for Terminal {
    fn default() -> Self {
        Self {
            bars: MultiProgress::default(),
            under_way: Mutex::default(),
            accelerator: true,
            kernels: true,
        }
    }
}

impl Terminal {
    /// One that keeps to what cannot be left unsaid: stderr is a program's.
    #[must_use]
    pub fn reserved() -> Self {
        Self {
            accelerator: false,
            ..Self::without_kernels()
        }
    }

    /// One that leaves it to others to say what came of a kernel.
    #[must_use]
    pub fn without_kernels() -> Self {
        Self {
            kernels: false,
            ..Self::default()
        }
    }

    fn say(&self, line: &str) {
        // Between the bars, where there are any.
        self.bars.suspend(|| eprintln!("{line}"));
    }

    fn with_bars(&self, act: impl FnOnce(&mut HashMap<What, ProgressBar>)) {
        if !self.bars.is_hidden() {
            act(&mut self
                .under_way
                .lock()
                .unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Begins a bar, or begins it anew.
    fn begin(&self, what: What, length: Option<u64>, template: &str) {
        self.with_bars(|bars| {
            let bar = match length {
                Some(length) => ProgressBar::new(length),
                None => ProgressBar::new_spinner(),
            };
            let (What::Download(name) | What::Kernel(name)) = &what;
            let bar = self.bars.add(bar.with_message(name.clone()));
            bar.set_style(style(template));
            bar.enable_steady_tick(TICK);
            if let Some(old) = bars.insert(what, bar) {
                old.finish_and_clear();
            }
        });
    }

    fn end(&self, what: &What) {
        self.with_bars(|bars| {
            if let Some(bar) = bars.remove(what) {
                bar.finish_and_clear();
            }
        });
    }
}

/// A template without this crate's own mistakes always parses.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Watcher for Terminal {
    fn event(&self, event: &Event) {
        match event {
            Event::Run(_) | Event::Finished { .. } => {}
            Event::Accelerator(choice) => {
                if self.accelerator {
                    self.say(&format!("accelerator {choice}"));
                }
            }
            Event::Note { text } => self.say(text),
            Event::DownloadStarted { file, size } => {
                self.begin(What::Download(file.clone()), *size, DOWNLOAD);
            }
            Event::DownloadAdvanced { file, bytes } => self.with_bars(|bars| {
                if let Some(bar) = bars.get(&What::Download(file.clone())) {
                    bar.set_position(*bytes);
                }
            }),
            Event::DownloadFinished { file } => self.end(&What::Download(file.clone())),
            Event::Boot {
                kernel, scenarios, ..
            } => {
                let scenarios = u64::try_from(*scenarios).ok();
                self.begin(What::Kernel(kernel.clone()), scenarios, BOOTING);
            }
            Event::Scenario { kernel, .. } => self.with_bars(|bars| {
                if let Some(bar) = bars.get(&What::Kernel(kernel.clone())) {
                    if bar.position() == 0 {
                        bar.set_style(style(RUNNING));
                    }
                    bar.inc(1);
                }
            }),
            Event::Kernel(row) => {
                self.end(&What::Kernel(row.name.clone()));
                if self.kernels {
                    self.say(&line(row));
                }
            }
        }
    }
}

impl Sink for Terminal {
    fn take(&mut self, event: &Event) -> Result<()> {
        self.event(event);
        Ok(())
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
    line
}
