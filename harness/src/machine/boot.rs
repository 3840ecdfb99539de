//! One boot of scenarios: a machine, its console, and the guest's report.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::Result;
use guest::wire::Message;
use guest::{Observation, Outcome, Record, RunningKernel, allowing_for};

use super::Machine;
use super::again::{again_if, hosts_fault};
use super::conversation::{Task, follow, out_of_turn};
use super::deadline::{Deadlines, Wait};
use super::dialogue::Dialogue;
use super::listener::GuestMessage;
use super::transcript::Transcript;
use crate::results::End;
use crate::system::RunDir;

/// The result of a boot.
#[derive(Debug)]
pub struct Boot {
    /// The kernel that ran, if the guest came up.
    pub kernel: Option<RunningKernel>,
    /// The scenarios that ended, in their order.
    pub ended: Vec<EndedScenario>,
    /// The scenario that was running when the boot ended.
    pub running: Option<String>,
    /// How the boot ended.
    pub end: End,
    /// The reason for each repeated boot: a panic that is the host's fault.
    pub retries: Vec<String>,
    /// The console.
    pub transcript: Transcript,
}

/// The guest's report of a scenario that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedScenario {
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

/// Boots a machine that runs the scenarios of these names. `tell` hears of each
/// scenario as it ends. A boot that fails by the one known fault of the host is
/// repeated.
///
/// # Errors
/// If QEMU does not run, or the transcript cannot be written.
pub fn boot(
    machine: &Machine,
    names: &[&str],
    deadlines: Deadlines,
    dir: &RunDir,
    tell: &mut dyn FnMut(&RunningKernel, &EndedScenario),
) -> Result<Boot> {
    let mut retries = Vec::new();
    let boot = again_if(
        dir,
        &mut retries,
        |dir| boot_once(machine, BootReport::new(names, deadlines, dir, tell)),
        |boot| hosts_fault(boot.kernel.as_ref(), &boot.end),
    )?;
    Ok(Boot { retries, ..boot })
}

fn boot_once(machine: &Machine, mut report: BootReport<'_>) -> Result<Boot> {
    let dir = report.dir;
    let mut dialogue = Dialogue::start(machine, dir)?;
    let boot = report.deadlines.boot;
    let end = follow(&mut dialogue, &mut report, boot)?;
    if matches!(end, End::Hung(_)) {
        dialogue.diagnose(dir);
    }
    Ok(Boot {
        kernel: report.kernel,
        ended: report.ended,
        running: report.running,
        end,
        retries: Vec::new(),
        transcript: dialogue.finish()?,
    })
}

/// The report that the guest's messages make.
struct BootReport<'a> {
    /// The scenarios that it must report, in their order.
    names: &'a [&'a str],
    deadlines: Deadlines,
    dir: &'a RunDir,
    wait: Wait,
    kernel: Option<RunningKernel>,
    ended: Vec<EndedScenario>,
    running: Option<String>,
    /// Whether that is out of time, and about to be killed.
    late: bool,
    /// When the running scenario started.
    since: Instant,
    /// Hears of each scenario that ended.
    tell: &'a mut dyn FnMut(&RunningKernel, &EndedScenario),
}

impl Task for BootReport<'_> {
    type Ending = End;
    type Awaited = Infallible;

    fn up(&mut self, kernel: RunningKernel, after: Duration) {
        self.kernel = Some(kernel);
        self.deadlines.scenario = allowing_for(self.deadlines.scenario, after);
        self.wait = Wait::new("the first scenario to start", self.deadlines.grace);
    }

    fn until(&self) -> Option<Instant> {
        Some(self.wait.until)
    }

    fn take(&mut self, said: GuestMessage, dialogue: &mut Dialogue) -> Result<Option<End>> {
        let end = self.hear(said);
        if self.late {
            dialogue.diagnose(self.dir);
            dialogue.let_go_on()?;
            self.goes_on();
        }
        Ok(end)
    }

    fn overdue(&mut self, kept_waiting: Duration) -> Option<End> {
        self.wait.overdue(kept_waiting)
    }
}

impl<'a> BootReport<'a> {
    fn new(
        names: &'a [&'a str],
        deadlines: Deadlines,
        dir: &'a RunDir,
        tell: &'a mut dyn FnMut(&RunningKernel, &EndedScenario),
    ) -> Self {
        Self {
            names,
            deadlines,
            dir,
            wait: Wait::new("the first scenario to start", deadlines.grace),
            kernel: None,
            ended: Vec::new(),
            running: None,
            late: false,
            since: Instant::now(),
            tell,
        }
    }

    /// Hears a message. Returns the end, if it is one.
    fn hear(&mut self, said: GuestMessage) -> Option<End> {
        let record = match said.message {
            Message::Record(record) => record,
            message @ Message::Bytes(..) => return Some(out_of_turn(&message)),
        };
        match (record, self.running.take()) {
            (Record::Started { scenario }, None) if self.may_start(&scenario) => {
                self.wait = Wait::new(
                    format!("{scenario} to end"),
                    self.deadlines.scenario + self.deadlines.grace,
                );
                self.running = Some(scenario);
                self.since = Instant::now();
            }
            (Record::Late { scenario }, Some(running)) if scenario == running && !self.late => {
                self.late = true;
                self.running = Some(running);
            }
            (
                Record::Ended {
                    scenario,
                    outcome,
                    observation,
                },
                Some(running),
            ) if scenario == running => {
                self.wait = Wait::new(format!("a word after {scenario}"), self.deadlines.grace);
                let in_doubt = !matches!(outcome, Outcome::Completed | Outcome::NotApplicable(_));
                let ended = EndedScenario {
                    scenario,
                    outcome,
                    observation,
                    took: self.since.elapsed(),
                    console: said.before,
                };
                if let Some(kernel) = &self.kernel {
                    (self.tell)(kernel, &ended);
                }
                self.ended.push(ended);
                if in_doubt {
                    return Some(End::InDoubt);
                }
            }
            (Record::Finished { scenarios }, None) if scenarios == self.ended.len() => {
                return Some(End::Complete);
            }
            (record, running) => {
                self.running = running;
                return Some(out_of_turn(&Message::Record(record)));
            }
        }
        None
    }

    /// Waits for the end of a scenario that is out of time.
    fn goes_on(&mut self) {
        self.late = false;
        let running = self.running.as_deref().unwrap_or_default();
        self.wait = Wait::new(format!("{running} to be killed"), self.deadlines.grace);
    }

    /// Whether a scenario is the next one.
    fn may_start(&self, scenario: &str) -> bool {
        self.names.get(self.ended.len()) == Some(&scenario)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::machine::conversation::{Opening, OpeningWord};
    use crate::machine::tests::machine;
    use crate::results::Accelerator;

    fn booted() -> Record {
        let (release, version) = ("6.1.0".to_owned(), "#1".to_owned());
        Record::Booted {
            kernel: RunningKernel { release, version },
        }
    }

    fn started(scenario: &str) -> Record {
        Record::Started {
            scenario: scenario.to_owned(),
        }
    }

    fn ended(scenario: &str, outcome: Outcome) -> Record {
        Record::Ended {
            scenario: scenario.to_owned(),
            outcome,
            observation: Observation::default(),
        }
    }

    fn late(scenario: &str) -> Record {
        Record::Late {
            scenario: scenario.to_owned(),
        }
    }

    fn completed(scenario: &str) -> Record {
        ended(scenario, Outcome::Completed)
    }

    fn finished(scenarios: usize) -> Record {
        Record::Finished { scenarios }
    }

    /// How many scenarios ended, and what the report of these records came to.
    fn told(records: Vec<Record>) -> (usize, Option<End>) {
        let (deadlines, mut tell) = (
            Deadlines::of(Accelerator::Tcg),
            |_: &RunningKernel, _: &EndedScenario| {},
        );
        let dir = RunDir::anonymous();
        let mut report = BootReport::new(&["a", "b"], deadlines, &dir, &mut tell);
        let mut opening = Opening::new(deadlines.boot);
        let end = records.into_iter().find_map(|record| {
            let said = GuestMessage {
                message: Message::Record(record),
                before: Vec::new(),
            };
            match opening.take(said) {
                OpeningWord::Up(kernel, after) => {
                    report.up(kernel, after);
                    None
                }
                OpeningWord::Over(end) => Some(end),
                OpeningWord::OfTask(said) => report.hear(said),
            }
        });
        (report.ended.len(), end)
    }

    #[test]
    fn a_report_in_order_is_complete() {
        let records = vec![
            booted(),
            started("a"),
            completed("a"),
            started("b"),
            late("b"),
            completed("b"),
            finished(2),
        ];
        assert_eq!(told(records), (2, Some(End::Complete)));
    }

    #[test]
    fn a_record_out_of_turn_ends_a_report() {
        let a = || vec![booted(), started("a"), completed("a")];
        let after_a = |record| [a(), vec![record]].concat();
        for (what, records) in [
            ("nothing has booted", vec![started("a")]),
            ("nothing has booted", vec![finished(0)]),
            ("it booted already", vec![booted(), booted()]),
            ("it booted already", after_a(booted())),
            ("it booted already", vec![booted(), started("a"), booted()]),
            ("another comes first", vec![booted(), started("b")]),
            ("an unexpected scenario", vec![booted(), started("c")]),
            ("it is over", after_a(started("a"))),
            ("it did not start", vec![booted(), completed("a")]),
            ("it did not start", after_a(completed("b"))),
            ("it ended already", after_a(completed("a"))),
            ("another runs", vec![booted(), started("a"), completed("b")]),
            ("another runs", vec![booted(), started("a"), started("b")]),
            ("another runs", vec![booted(), started("a"), late("b")]),
            ("none runs", after_a(late("a"))),
            ("one runs", vec![booted(), started("a"), finished(1)]),
            ("one ended", after_a(finished(2))),
            ("one ended", after_a(finished(0))),
            ("it is of programs", after_a(Record::Alive)),
        ] {
            let (_, end) = told(records);
            assert!(matches!(end, Some(End::Garbled(_))), "{what}: {end:?}");
        }
    }

    #[test]
    fn a_scenario_that_did_not_complete_leaves_the_machine_in_doubt() {
        for (outcome, end) in [
            (Outcome::Completed, None),
            (Outcome::NotApplicable("CONFIG_USER_NS".to_owned()), None),
            (Outcome::TimedOut, Some(End::InDoubt)),
            (Outcome::Died("signal 11".to_owned()), Some(End::InDoubt)),
            (Outcome::Failed("EAGAIN".to_owned()), Some(End::InDoubt)),
        ] {
            let records = vec![booted(), started("a"), ended("a", outcome)];
            assert_eq!(told(records), (1, end));
        }
    }

    /// A QEMU that floods its console.
    #[test]
    fn endless_text_does_not_extend_a_deadline() {
        let place = tempfile::tempdir().unwrap();
        let qemu = place.path().join("qemu");
        fs::write(&qemu, "#!/bin/sh\nexec yes\n").unwrap();
        fs::set_permissions(&qemu, fs::Permissions::from_mode(0o755)).unwrap();
        let machine = Machine {
            qemu: images::Launch::of_host(qemu),
            ..machine()
        };
        let deadlines = Deadlines {
            boot: Duration::from_secs(1),
            ..Deadlines::of(Accelerator::Tcg)
        };
        let boot = boot(
            &machine,
            &[],
            deadlines,
            &RunDir::anonymous(),
            &mut |_, _| {},
        )
        .unwrap();
        let hung = End::Hung("waited too long for the guest to come up".to_owned());
        assert_eq!(boot.end, hung);
    }
}
