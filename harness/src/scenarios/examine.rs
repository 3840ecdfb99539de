//! Examines one kernel: boots it as often as needed, and judges its scenarios.

use std::time::Instant;

use anyhow::Error;
use guest::{Job, RunningKernel, Scenario};

use super::judge::judge;
use crate::kernels::Bootable;
use crate::machine::{Boot, Deadlines, EndedScenario, Machine, boot};
use crate::payload::initramfs;
use crate::results::{Cell, End, Event, Problem, Row, Verdict, Watcher};
use crate::system::{advised, printable, words};

/// How many lines of a console are shown where a boot ended badly.
const LAST_LINES: usize = 12;

/// Boots a kernel, and runs every scenario. After a crash, and after a scenario that
/// did not complete, the remaining scenarios get a fresh boot.
///
/// There is one cell for each scenario, also if the harness fails: what an earlier boot
/// showed stands.
pub fn examine(
    row: &mut Row,
    bootable: &Bootable,
    scenarios: &[&Scenario],
    deadlines: Deadlines,
    watcher: &dyn Watcher,
) {
    let started = Instant::now();
    let name = row.name.clone();
    let of_arch = |one: &&Scenario| one.on(bootable.machine.arch);
    let scenarios: Vec<Scenario> = scenarios.iter().map(of_arch).collect();
    let scenarios: Vec<&Scenario> = scenarios.iter().collect();
    while let Some(left) = scenarios.get(row.cells.len()..)
        && !left.is_empty()
    {
        row.boots += 1;
        let mut told = Vec::new();
        let before = row.cells.len();
        let mut tell = |kernel: &RunningKernel, ended: &EndedScenario| {
            if let Some(scenario) = left.get(told.len()) {
                let cell = cell(kernel, scenario, ended.clone());
                watcher.event(&done(&name, &cell));
                told.push((kernel.clone(), cell));
            }
        };
        watcher.event(&Event::Boot {
            kernel: name.clone(),
            boot: row.boots,
            scenarios: left.len(),
        });
        match boot_for(bootable, left, deadlines, row.boots, &mut tell) {
            Ok(boot) => row.take_in(boot, left),
            Err(error) => {
                row.break_off(&error, &told, left);
                break;
            }
        }
        // Scenarios that did not end, or whose verdict changed after their end.
        for (number, cell) in row.cells[before..].iter().enumerate() {
            if told.get(number).map(|(_, told)| told.verdict) != Some(cell.verdict) {
                watcher.event(&done(&name, cell));
            }
        }
    }
    row.took = started.elapsed();
}

/// Boots once, for the scenarios that are left.
fn boot_for(
    bootable: &Bootable,
    left: &[&Scenario],
    deadlines: Deadlines,
    number: usize,
    tell: &mut dyn FnMut(&RunningKernel, &EndedScenario),
) -> anyhow::Result<Boot> {
    let dir = bootable.dir.boot(number)?;
    let names: Vec<&str> = left.iter().map(|scenario| scenario.name).collect();
    let job = Job::Scenarios {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        deadline_ms: u64::try_from(deadlines.scenario.as_millis()).unwrap_or(u64::MAX),
    };
    let initramfs = initramfs::pack(&job, bootable.machine.arch)?;
    let mut machine = Machine {
        initramfs: initramfs.path(),
        ..bootable.machine.clone()
    };
    if bootable.saved {
        machine.shares_memory = bootable.can_share_memory;
        machine.parcel = bootable.parcel(&machine, &initramfs, false)?;
    }
    boot(&machine, &names, deadlines, &dir, tell)
}

/// What boots add to a row.
impl Row {
    /// Takes a boot that the harness could not follow to its end: cells that were
    /// reported stand, and the rest are not run.
    fn break_off(&mut self, error: &Error, told: &[(RunningKernel, Cell)], left: &[&Scenario]) {
        if told.is_empty() {
            // Perhaps nothing was booted.
            self.boots -= 1;
        }
        for (kernel, cell) in told {
            self.kernel.get_or_insert_with(|| kernel.clone());
            self.cells.push(cell.clone());
        }
        let why = printable(&format!("{error:#}"));
        self.put_down(&left[told.len()..], Verdict::NotRun, &why);
        self.problem = Some(Problem::Failed(printable(&advised(words(error)))));
    }

    /// Makes cells of a boot for these scenarios: at least one.
    fn take_in(&mut self, boot: Boot, left: &[&Scenario]) {
        self.retries.extend(boot.retries);
        if boot.end != End::Complete || self.last_lines.is_empty() {
            self.last_lines = boot.transcript.last_lines(LAST_LINES);
        }
        let Some(kernel) = boot.kernel else {
            // Another boot would end in the same way.
            let (verdict, why) = lost(boot.end);
            self.put_down(left, verdict, &why);
            return;
        };
        let ended = boot.ended.len();
        for (scenario, ended) in left.iter().zip(boot.ended) {
            self.cells.push(cell(&kernel, scenario, ended));
        }
        self.kernel.get_or_insert(kernel);
        let left = &left[ended..];
        if boot.end == End::InDoubt || (boot.end == End::Complete && left.is_empty()) {
            return;
        }
        let after = ended > 0 && boot.running.is_none() && boot.end != End::Complete;
        let (verdict, why) = lost(boot.end);
        match self.cells.last_mut() {
            // No other scenario had begun: the crash is the last one's.
            Some(last) if after && !last.verdict.is_red() => {
                last.verdict = verdict;
                last.why = Some(format!("after its end: {why}"));
            }
            Some(_) if after => {}
            // Scenarios run in order: the first that is left was running, or should
            // have been.
            _ => self.put_down(&left[..left.len().min(1)], verdict, &why),
        }
    }

    fn put_down(&mut self, scenarios: &[&Scenario], verdict: Verdict, why: &str) {
        let cell = |scenario: &&Scenario| Cell::without(scenario.name, verdict, why);
        self.cells.extend(scenarios.iter().map(cell));
    }
}

/// Makes a cell of a scenario that ended.
fn cell(kernel: &RunningKernel, scenario: &Scenario, ended: EndedScenario) -> Cell {
    Cell {
        took: ended.took,
        console: ended.console,
        ..judge(scenario, kernel, &ended.outcome, ended.observation)
    }
}

fn done(kernel: &str, cell: &Cell) -> Event {
    Event::Scenario {
        kernel: kernel.to_owned(),
        scenario: cell.scenario.clone(),
        verdict: cell.verdict,
        took: cell.took,
    }
}

/// The verdict for a scenario during which the boot ended, and why. The reason may hold
/// QEMU's words.
pub(crate) fn lost(end: End) -> (Verdict, String) {
    let (verdict, why) = match end {
        End::Complete | End::InDoubt => (Verdict::Garbled, "the report leaves it out".to_owned()),
        End::Panicked(panic) => (Verdict::Panicked, panic),
        End::Hung(what) => (Verdict::Hung, what),
        End::Died => (
            Verdict::Ended,
            "the machine ended before its report did".to_owned(),
        ),
        End::QemuFailed(how) => (Verdict::QemuFailed, how),
        End::Garbled(what) => (Verdict::Garbled, what),
        End::Broken(why) => (Verdict::Broken, why),
    };
    (verdict, printable(&why))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use guest::{Observation, Outcome, scenarios};

    use super::*;
    use crate::machine::{EndedScenario, Transcript};

    /// The verdicts after a boot that had three scenarios to look at, of which so
    /// many ended and `running` did not; and what is said of the last of them.
    fn verdicts(ended: usize, running: bool, end: End) -> (Vec<Verdict>, String) {
        let left: Vec<&Scenario> = scenarios::ALL.iter().take(3).collect();
        let (release, version) = ("6.1.0".to_owned(), String::new());
        let seen = |scenario: &&Scenario| EndedScenario {
            scenario: scenario.name.to_owned(),
            outcome: Outcome::Completed,
            observation: Observation::written(scenario.claims.last().unwrap().expected),
            took: Duration::ZERO,
            console: Vec::new(),
        };
        let boot = Boot {
            kernel: Some(RunningKernel { release, version }),
            ended: left.iter().take(ended).map(seen).collect(),
            running: running.then(|| left[ended].name.to_owned()),
            end,
            retries: Vec::new(),
            transcript: Transcript::new(tempfile::tempfile().unwrap()),
        };
        let mut row = Row::new("6.1", "6.1");
        row.take_in(boot, &left);
        let why = row.cells.last().and_then(|cell| cell.why.clone());
        let verdicts = row.cells.iter().map(|cell| cell.verdict).collect();
        (verdicts, why.unwrap_or_default())
    }

    fn panic() -> End {
        End::Panicked("Kernel panic".to_owned())
    }

    #[test]
    fn a_crash_counts_for_the_running_scenario() {
        let (cells, why) = verdicts(1, true, panic());
        assert_eq!(cells, [Verdict::Passed, Verdict::Panicked]);
        assert_eq!(why, "Kernel panic");
    }

    #[test]
    fn a_crash_between_scenarios_counts_for_the_last() {
        for ended in 1..=3 {
            let (cells, why) = verdicts(ended, false, panic());
            let passed = cells.iter().filter(|cell| **cell == Verdict::Passed);
            assert_eq!((cells.len(), passed.count()), (ended, ended - 1));
            assert_eq!(cells.last(), Some(&Verdict::Panicked));
            assert_eq!(why, "after its end: Kernel panic");
        }
    }

    #[test]
    fn a_crash_before_all_scenarios_counts_for_the_first() {
        let (cells, why) = verdicts(0, false, panic());
        assert_eq!(
            (cells, why),
            (vec![Verdict::Panicked], "Kernel panic".to_owned())
        );
    }

    #[test]
    fn a_report_that_leaves_one_out_is_garbled() {
        let (cells, why) = verdicts(1, false, End::Complete);
        assert_eq!(cells, [Verdict::Passed, Verdict::Garbled]);
        assert_eq!(why, "the report leaves it out");
    }

    /// The second boot fails for the host's reason, amid its report.
    #[test]
    fn what_was_seen_before_the_harness_broke_off_stands() {
        let left: Vec<&Scenario> = scenarios::ALL.iter().take(4).collect();
        let kernel = RunningKernel {
            release: "6.1.0".to_owned(),
            version: String::new(),
        };
        let mut row = Row {
            boots: 2,
            ..Row::new("6.1", "6.1")
        };
        row.put_down(&left[..1], Verdict::Panicked, "Kernel panic");
        let told = Cell::without(left[1].name, Verdict::Passed, "");
        let full = anyhow::anyhow!("No space left on device").context("writing the transcript");
        row.break_off(&full, &[(kernel.clone(), told)], &left[1..]);
        let verdicts: Vec<Verdict> = row.cells.iter().map(|cell| cell.verdict).collect();
        assert_eq!(
            verdicts,
            [
                Verdict::Panicked,
                Verdict::Passed,
                Verdict::NotRun,
                Verdict::NotRun
            ]
        );
        assert_eq!((row.boots, row.kernel), (2, Some(kernel)));
        let why = "writing the transcript: No space left on device";
        assert_eq!(row.cells[3].why.as_deref(), Some(why));
        assert_eq!(row.problem, Some(Problem::Failed(why.to_owned())));
    }

    #[test]
    fn after_an_incomplete_scenario_the_rest_wait_for_another_boot() {
        let (cells, _) = verdicts(2, false, End::InDoubt);
        assert_eq!(cells, [Verdict::Passed, Verdict::Passed]);
    }
}
