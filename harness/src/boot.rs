//! One boot: a machine, its console, and the report of the guest.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use guest::wire::{Decoder, Piece};
use guest::{Kernel, Observation, Outcome, Record};

use crate::console::Heard;
use crate::{Machine, RunDir, Transcript};

/// The mark of a panic in the kernel's messages (kernel/panic.c).
const PANIC: &[u8] = b"Kernel panic";
/// A line of the console that is longer is not looked at further.
const MAX_LINE: usize = 4096;
/// How long a kernel that has panicked may take to restart: `panic=-1` is at
/// once.
const AFTERMATH: Duration = Duration::from_secs(5);
/// What the guest may need around a scenario: ending its orphans, and being
/// slow.
const GRACE: Duration = Duration::from_secs(20);

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
}

/// How a boot ended. Only [`End::Complete`] is a whole report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With the guest's end marker.
    Complete,
    /// The kernel panicked; with its words.
    Panicked(String),
    /// A deadline passed; with the name of what was waited for.
    Hung(String),
    /// The machine ended by itself before the report did.
    Died,
    /// Records were lost or damaged; with what was wrong.
    Garbled(String),
    /// The guest gave up; with its reason.
    Broken(String),
}

/// Boots a machine and listens to the end.
///
/// # Errors
/// Where the harness cannot do its part: QEMU does not run, the transcript
/// cannot be written.
pub fn boot(machine: &Machine, deadlines: Deadlines, dir: &RunDir) -> Result<Boot> {
    let log = dir.qemu_log();
    let mut running = machine.start(&log)?;
    let mut listener = Listener {
        deadlines,
        decoder: Decoder::default(),
        next_sequence: 0,
        line: Vec::new(),
        damage: None,
        panic: None,
        wait: Wait::new("the guest to come up", deadlines.boot),
        boot: Boot {
            kernel: None,
            ended: Vec::new(),
            running: None,
            end: End::Died,
            transcript: Transcript::create(&dir.console())?,
        },
    };
    let mut buffer = vec![0; 64 << 10];
    let mut silent = true;
    let end = loop {
        match running.console.read(&mut buffer, listener.wait.until)? {
            Heard::Bytes(length) => {
                silent = false;
                let transcript = &mut listener.boot.transcript;
                transcript
                    .bytes(&buffer[..length])
                    .context("writing the transcript")?;
                if let Some(end) = listener.hear(&buffer[..length]) {
                    break end;
                }
            }
            Heard::Nothing => break listener.gave_up_waiting(),
            Heard::End => {
                let status = running.wait()?;
                let complaint = std::fs::read_to_string(&log).unwrap_or_default();
                if silent && !complaint.is_empty() {
                    bail!("QEMU did not run ({status:?}): {}", complaint.trim());
                }
                break listener.console_ended();
            }
        }
    };
    drop(running);
    let mut boot = listener.boot;
    boot.end = end;
    boot.transcript.finish()?;
    Ok(boot)
}

/// What is waited for, and until when.
struct Wait {
    name: String,
    until: Instant,
}

impl Wait {
    fn new(name: impl Into<String>, patience: Duration) -> Self {
        Self {
            name: name.into(),
            until: Instant::now() + patience,
        }
    }
}

/// Makes a report of what a console says.
struct Listener {
    deadlines: Deadlines,
    decoder: Decoder,
    next_sequence: u32,
    /// The line of text that is being said.
    line: Vec<u8>,
    /// What was found damaged: of no concern as long as no record is missing.
    damage: Option<&'static str>,
    panic: Option<String>,
    wait: Wait,
    boot: Boot,
}

impl Listener {
    /// Takes in what was said; says so if that was the end.
    fn hear(&mut self, bytes: &[u8]) -> Option<End> {
        for piece in self.decoder.push(bytes) {
            match piece {
                Piece::Text(text) => self.text(&text),
                Piece::Garbled(what) => self.damage = Some(what),
                Piece::Record(sequence, record) => {
                    if sequence != self.next_sequence {
                        return Some(self.lost(sequence));
                    }
                    self.next_sequence += 1;
                    if let Some(end) = self.record(record) {
                        return Some(end);
                    }
                }
            }
        }
        None
    }

    fn record(&mut self, record: Record) -> Option<End> {
        // Whoever says this is not dead: the line was somebody else's.
        self.panic = None;
        match (record, self.boot.running.take()) {
            (Record::Booted { kernel }, None) if self.boot.kernel.is_none() => {
                self.boot.kernel = Some(kernel);
                self.wait = Wait::new("the first scenario to start", GRACE);
            }
            (Record::Started { scenario }, None) if self.boot.kernel.is_some() => {
                self.wait = Wait::new(
                    format!("{scenario} to end"),
                    self.deadlines.scenario + GRACE,
                );
                self.boot.running = Some(scenario);
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
                self.boot.ended.push(Ended {
                    scenario,
                    outcome,
                    observation,
                });
            }
            (Record::Finished { scenarios }, None) if scenarios == self.boot.ended.len() => {
                return Some(End::Complete);
            }
            (Record::Broken { why }, running) => {
                self.boot.running = running;
                return Some(End::Broken(why));
            }
            (record, running) => {
                self.boot.running = running;
                return Some(End::Garbled(format!("a record out of turn: {record:?}")));
            }
        }
        None
    }

    fn text(&mut self, text: &[u8]) {
        self.boot.transcript.text(text);
        for &byte in text {
            if byte != b'\n' {
                if self.line.len() < MAX_LINE {
                    self.line.push(byte);
                }
                continue;
            }
            self.look_for_panic();
            self.line.clear();
        }
    }

    fn look_for_panic(&mut self) {
        let panic = self
            .line
            .windows(PANIC.len())
            .position(|window| window == PANIC);
        if let (Some(start), None) = (panic, &self.panic) {
            let text = String::from_utf8_lossy(&self.line[start..]);
            self.panic = Some(text.trim_end().to_owned());
            self.wait = Wait::new("the panicked kernel to restart", AFTERMATH);
        }
    }

    fn lost(&self, sequence: u32) -> End {
        let expected = self.next_sequence;
        let damage = self
            .damage
            .map(|what| format!(" ({what})"))
            .unwrap_or_default();
        End::Garbled(format!(
            "record {expected} is missing before record {sequence}{damage}"
        ))
    }

    fn gave_up_waiting(&mut self) -> End {
        match self.panic.take() {
            Some(panic) => End::Panicked(panic),
            None => End::Hung(format!("waited in vain for {}", self.wait.name)),
        }
    }

    fn console_ended(&mut self) -> End {
        self.look_for_panic();
        match (self.panic.take(), self.damage) {
            (Some(panic), _) => End::Panicked(panic),
            (None, Some(damage)) => End::Garbled(damage.to_owned()),
            (None, None) => End::Died,
        }
    }
}
