//! One boot: a machine, its console, and the report of the guest.

use std::time::{Duration, Instant};

use anyhow::Result;
use guest::wire::Message;
use guest::{Kernel, Observation, Outcome, Record};

use crate::conversation::{Conversation, Turn, Wait};
use crate::end::End;
use crate::listener::Said;
use crate::{Machine, RunDir, Transcript, harmless};

/// What the guest may need around a scenario or program: ending its orphans, and
/// being slow.
pub(crate) const GRACE: Duration = Duration::from_secs(20);

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the start of QEMU to the guest's first record.
    pub boot: Duration,
    /// For each scenario, by the guest's clock.
    pub scenario: Duration,
}

/// What came of a boot.
#[derive(Debug)]
pub struct Boot {
    /// The kernel that ran, if the guest came up.
    pub kernel: Option<Kernel>,
    /// The scenarios that ended, in their order.
    pub ended: Vec<Ended>,
    /// The scenario that was running when the boot ended.
    pub running: Option<String>,
    /// How the boot ended.
    pub end: End,
    /// The console.
    pub transcript: Transcript,
}

/// A scenario that ended, as the guest tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its name.
    pub scenario: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What it saw.
    pub observation: Observation,
    /// How long it took, by the host's clock.
    pub took: Duration,
    /// The last lines of the console meanwhile, harmless to print.
    pub console: Vec<String>,
}

/// Boots a machine and listens to the end. Each scenario is told of as it ends.
///
/// # Errors
/// Where the harness cannot do its part: QEMU does not run, the transcript
/// cannot be written.
pub fn boot(
    machine: &Machine,
    deadlines: Deadlines,
    dir: &RunDir,
    tell: &mut dyn FnMut(&Kernel, &Ended),
) -> Result<Boot> {
    let mut conversation = Conversation::start(machine, dir)?;
    let mut report = Report {
        deadlines,
        wait: Wait::new("the guest to come up", deadlines.boot),
        kernel: None,
        ended: Vec::new(),
        running: None,
        since: Instant::now(),
        tell,
    };
    let end = loop {
        match conversation.turn(Some(report.wait.until), &[])? {
            Turn::Said(said) => {
                let end = said.into_iter().find_map(|said| report.take(said));
                if let Some(end) = end {
                    break end;
                }
            }
            Turn::Quiet => break report.wait.in_vain(),
            Turn::Other(_) => {}
            Turn::Over(end) => break end,
        }
    };
    Ok(Boot {
        kernel: report.kernel,
        ended: report.ended,
        running: report.running,
        end,
        transcript: conversation.finish()?,
    })
}

/// Makes a report of what the guest says.
struct Report<'a> {
    deadlines: Deadlines,
    wait: Wait,
    kernel: Option<Kernel>,
    ended: Vec<Ended>,
    running: Option<String>,
    /// When it started.
    since: Instant,
    /// Hears of each scenario that ended.
    tell: &'a mut dyn FnMut(&Kernel, &Ended),
}

impl Report<'_> {
    /// Takes in what was said; says so if that was the end.
    fn take(&mut self, said: Said) -> Option<End> {
        match said.message {
            Message::Record(record) => self.record(record, said.before),
            Message::Bytes(stream, _) => Some(End::Garbled(format!("{stream:?} of no program"))),
        }
    }

    fn record(&mut self, record: Record, console: Vec<String>) -> Option<End> {
        match (record, self.running.take()) {
            (Record::Booted { kernel }, None) if self.kernel.is_none() => {
                self.kernel = Some(harmless::kernel(&kernel));
                self.wait = Wait::new("the first scenario to start", GRACE);
            }
            (Record::Started { scenario }, None) if self.kernel.is_some() => {
                self.wait = Wait::new(
                    format!("{scenario} to end"),
                    self.deadlines.scenario + GRACE,
                );
                self.running = Some(scenario);
                self.since = Instant::now();
            }
            (
                Record::Ended {
                    scenario,
                    outcome,
                    observation,
                },
                Some(running),
            ) if scenario == running => {
                self.wait = Wait::new(format!("a word after {scenario}"), GRACE);
                let ended = Ended {
                    scenario,
                    outcome,
                    observation,
                    took: self.since.elapsed(),
                    console,
                };
                if let Some(kernel) = &self.kernel {
                    (self.tell)(kernel, &ended);
                }
                self.ended.push(ended);
            }
            (Record::Finished { scenarios }, None) if scenarios == self.ended.len() => {
                return Some(End::Complete);
            }
            (Record::Broken { why }, running) => {
                self.running = running;
                return Some(End::Broken(harmless::line(&why)));
            }
            (record, running) => {
                self.running = running;
                return Some(End::Garbled(format!("a record out of turn: {record:?}")));
            }
        }
        None
    }
}
