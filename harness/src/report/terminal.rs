//! Progress on a terminal or in a log.

use std::io::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::said_reasons::SaidReasons;
use super::under_way::{Activity, ActivityKind, UnderWay};
use super::usual::Usual;
use crate::machine::booted_again;
use crate::results::{Event, Problem, Row, Sink, Watcher};
use crate::system::{lock, printable};

const DOWNLOAD: &str = "{msg:40!} {bytes:>10} of {total_bytes:10} {bytes_per_sec:>12} {bar:20}";
const BOOTING: &str = "{msg}, {elapsed}{prefix}";
const RUNNING: &str = "{msg:24!} {pos:>3} of {len} scenarios {bar:20}";
/// How often an idle bar is drawn.
const TICK: Duration = Duration::from_secs(1);
/// How long stderr stays silent if it is not a terminal.
const SILENCE: Duration = Duration::from_millis(1500);
/// How long stderr stays silent during a boot if it belongs to a program.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the silence is measured.
const POLL: Duration = Duration::from_millis(250);

/// Progress on stderr: bars for downloads and kernels on a terminal, a line from time
/// to time elsewhere, and a line for each result.
#[derive(Debug)]
pub struct Terminal {
    shown: Arc<Mutex<Shown>>,
    bars: MultiProgress,
    accelerator: bool,
    kernels: bool,
    /// Ends the thread that breaks the silence.
    _stop: Sender<()>,
}

/// The activities, what was said, and when the last line was printed.
#[derive(Debug)]
struct Shown {
    under_way: UnderWay,
    usual: Usual,
    reasons: SaidReasons,
    last: Instant,
    /// How long it may be silent; longer after each line about the same.
    silence: Duration,
}

impl Default for Terminal {
    fn default() -> Self {
        Self::with(MultiProgress::default(), false)
    }
}

impl Terminal {
    /// For a command whose stderr belongs to a program: only what is necessary.
    #[must_use]
    pub fn reserved() -> Self {
        Self {
            accelerator: false,
            kernels: false,
            ..Self::with(MultiProgress::default(), true)
        }
    }

    /// Without the results of kernels, which others print.
    #[must_use]
    pub fn without_kernels() -> Self {
        Self {
            kernels: false,
            ..Self::default()
        }
    }

    /// Without bars, for a command that prints to the same terminal meanwhile.
    #[must_use]
    pub fn without_bars() -> Self {
        let hidden = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        Self::with(hidden, false)
    }

    /// With `reserved`, a boot is silent for longer.
    fn with(bars: MultiProgress, reserved: bool) -> Self {
        let shown = Arc::new(Mutex::new(Shown {
            under_way: UnderWay::default(),
            usual: Usual::recalled(),
            reasons: SaidReasons::default(),
            last: Instant::now(),
            silence: SILENCE,
        }));
        let (stop, stopped) = channel();
        if bars.is_hidden() {
            let shown = Arc::clone(&shown);
            thread::spawn(move || {
                while stopped.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                    break_silence(&mut lock(&shown), reserved);
                }
            });
        }
        Self {
            shown,
            bars,
            accelerator: true,
            kernels: true,
            _stop: stop,
        }
    }

    fn say(&self, line: &str) {
        let mut shown = lock(&self.shown);
        (shown.last, shown.silence) = (Instant::now(), SILENCE);
        drop(shown);
        // Between the bars, where there are any.
        self.bars.suspend(|| print(line));
    }

    /// Begins an activity, with a bar if there are bars.
    fn begin(&self, kind: ActivityKind, name: &str, total: Option<u64>) {
        let (template, message) = match kind {
            ActivityKind::Boot => (BOOTING, format!("{name}: booting")),
            ActivityKind::Step => (BOOTING, name.to_owned()),
            ActivityKind::Download => (DOWNLOAD, name.to_owned()),
        };
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let mut shown = lock(&self.shown);
        let bar = self.bars.add(bar.with_message(message));
        bar.set_style(style(template));
        if !self.bars.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        if kind == ActivityKind::Boot
            && let Some(usual) = shown.usual.of(name)
        {
            bar.set_prefix(format!(" ({} s last time)", usual.as_secs()));
        }
        shown.under_way.begin(Activity::new(kind, name, bar));
    }

    /// Ends the activity of this kind and name; of any name without one.
    fn end(&self, kind: ActivityKind, name: Option<&str>) {
        lock(&self.shown).under_way.end(kind, name);
    }

    fn advance(&self, kind: ActivityKind, name: &str, by: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = lock(&self.shown).under_way.bar(kind, name) {
            by(bar);
        }
    }
}

/// Prints what is being done after a silence.
fn break_silence(shown: &mut Shown, reserved: bool) {
    let silent = shown.last.elapsed();
    if silent < shown.silence {
        return;
    }
    let line = shown.under_way.line(!reserved || silent >= PATIENCE);
    if !line.is_empty() {
        print(&line);
        (shown.last, shown.silence) = (Instant::now(), shown.silence * 4 / 3);
    }
}

/// A closed stderr is ignored.
fn print(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The templates above always parse.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Watcher for Terminal {
    fn event(&self, event: &Event) {
        if !matches!(
            event,
            Event::DownloadAdvanced { .. } | Event::Scenario { .. }
        ) {
            self.end(ActivityKind::Step, None);
        }
        match event {
            Event::Run(_) | Event::Score(_) | Event::Finished { .. } => {}
            Event::Accelerator(_) | Event::Qemu { .. } if !self.accelerator => {}
            Event::Accelerator(choice) => self.say(&printable(&format!("accelerator {choice}"))),
            Event::Qemu { version, from } => self.say(&format!("QEMU {version}, {from}")),
            Event::Step { text } => self.begin(ActivityKind::Step, text, None),
            Event::Note { text } => self.say(text),
            Event::DownloadStarted { file, size } => {
                self.begin(ActivityKind::Download, file, *size);
            }
            Event::DownloadAdvanced { file, bytes } => {
                self.advance(ActivityKind::Download, file, |bar| bar.set_position(*bytes));
            }
            Event::DownloadFinished { file } => self.end(ActivityKind::Download, Some(file)),
            Event::Boot {
                kernel, scenarios, ..
            } => {
                let scenarios = u64::try_from(*scenarios).ok();
                self.begin(ActivityKind::Boot, kernel, scenarios);
            }
            Event::Booted { kernel } => self.end(ActivityKind::Boot, Some(kernel)),
            // A case of a test is no step of its own.
            Event::Scenario { scenario, .. } if scenario.contains("::") => {}
            Event::Scenario { kernel, .. } => self.advance(ActivityKind::Boot, kernel, |bar| {
                if bar.position() == 0 {
                    bar.set_style(style(RUNNING));
                    bar.set_message(kernel.clone());
                }
                bar.inc(1);
            }),
            Event::Kernel(row) => {
                self.end(ActivityKind::Boot, Some(&row.name));
                let mut shown = lock(&self.shown);
                shown.usual.learn(row);
                if self.kernels {
                    let line = line(row, &mut shown.reasons);
                    drop(shown);
                    self.say(&line);
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
fn line(row: &Row, reasons: &mut SaidReasons) -> String {
    let (name, tally, cells) = (&row.name, row.tally(), row.cells.len());
    let passed = format!("{} of {cells} passed", tally.passed);
    let mut line = match &row.problem {
        Some(Problem::Unavailable(why)) => {
            return format!("{name}: not run: {}", reasons.once(name, why));
        }
        Some(Problem::Failed(why)) if tally.not_run == cells => {
            return format!("{name}: FAILED: {}", reasons.once(name, why));
        }
        // What was seen before stands.
        Some(Problem::Failed(why)) => format!("{name}: FAILED: {why}; until then {passed}"),
        None => format!("{name}: {passed} in {:.1} s", row.took.as_secs_f64()),
    };
    if tally.red > 0 {
        line.push_str(&format!(", {} RED", tally.red));
    }
    if let Some(version) = row.version() {
        line.push_str(&format!(" ({version})"));
    }
    line.push_str(&booted_again(&row.retries));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_the_same_become_rarer() {
        let mut shown = Shown {
            under_way: UnderWay::default(),
            usual: Usual::recalled(),
            reasons: SaidReasons::default(),
            last: Instant::now() - SILENCE,
            silence: SILENCE,
        };
        let bar = ProgressBar::hidden();
        (shown.under_way).begin(Activity::new(ActivityKind::Step, "a test", bar));
        break_silence(&mut shown, false);
        assert!(shown.silence > SILENCE);
        let (silence, last) = (shown.silence, Instant::now() - SILENCE);
        shown.last = last;
        break_silence(&mut shown, false);
        assert_eq!(
            (shown.silence, shown.last),
            (silence, last),
            "it was said too soon"
        );
    }
}
