//! One kernel examined: booted, as often as it takes, and judged.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Result;
use guest::{Job, Kernel, Scenario};

use crate::boot::{Boot, Deadlines, Ended, boot};
use crate::end::End;
use crate::verdict::judge;
use crate::{Accelerator, Cell, Event, Machine, RunDir, Verdict, Watcher, initramfs};

/// How many lines of a console are shown where a boot ended badly.
const LAST_LINES: usize = 12;

/// What an examination found.
#[derive(Debug)]
pub struct Findings {
    /// The kernel that ran, if the guest ever came up.
    pub kernel: Option<Kernel>,
    /// One a scenario, in the order they were asked for.
    pub cells: Vec<Cell>,
    /// How often it was booted.
    pub boots: usize,
    /// How long it took.
    pub took: Duration,
    /// The last lines of the console of the boot that is of most interest: the
    /// last one that ended badly, else the last one.
    pub last_lines: Vec<String>,
}

/// The deadlines for a machine of this kind.
///
/// A Debian kernel under emulation is up in 2 s on an idle host, so there is
/// room for one that is 60 times slower.
#[must_use]
pub(crate) fn deadlines(accelerator: Accelerator) -> Deadlines {
    let boot = match accelerator {
        Accelerator::Kvm => Duration::from_secs(60),
        Accelerator::Tcg => Duration::from_secs(120),
    };
    Deadlines {
        boot,
        scenario: Duration::from_secs(30),
    }
}

/// Boots a kernel, known to the watcher by its name, and looks at every scenario.
/// After a crash, the scenarios that are left get a fresh boot.
///
/// # Errors
/// Where the harness cannot do its part.
pub fn examine(
    name: &str,
    machine: &Machine,
    scenarios: &[&Scenario],
    dir: &RunDir,
    watcher: &dyn Watcher,
) -> Result<Findings> {
    let started = Instant::now();
    let deadlines = deadlines(machine.accelerator);
    let mut left: VecDeque<&str> = scenarios.iter().map(|scenario| scenario.name).collect();
    let mut findings = Findings {
        kernel: None,
        cells: Vec::new(),
        boots: 0,
        took: Duration::ZERO,
        last_lines: Vec::new(),
    };
    while !left.is_empty() {
        findings.boots += 1;
        let dir = dir.boot(findings.boots)?;
        let job = Job::Scenarios {
            names: left.iter().map(|&name| name.to_owned()).collect(),
            deadline_ms: u64::try_from(deadlines.scenario.as_millis()).unwrap_or(u64::MAX),
        };
        let machine = Machine {
            initramfs: dir.initramfs(),
            ..machine.clone()
        };
        initramfs::pack(&job, &machine.initramfs)?;
        watcher.event(&Event::Boot {
            kernel: name.to_owned(),
            boot: findings.boots,
            scenarios: left.len(),
        });
        let mut told = findings.cells.len();
        let boot = boot(&machine, deadlines, &dir, &mut |kernel, ended| {
            if let Some(cell) = cell_of(kernel, scenarios, ended) {
                watcher.event(&done(name, &cell));
                told += 1;
            }
        })?;
        take_in(boot, scenarios, &mut left, &mut findings);
        // What came to no end of its own.
        for cell in &findings.cells[told..] {
            watcher.event(&done(name, cell));
        }
    }
    findings.took = started.elapsed();
    Ok(findings)
}

/// Makes a cell of a scenario that ended, if it was asked for.
fn cell_of(kernel: &Kernel, scenarios: &[&Scenario], ended: &Ended) -> Option<Cell> {
    let scenario = scenarios
        .iter()
        .find(|scenario| scenario.name == ended.scenario)?;
    Some(Cell {
        took: ended.took,
        console: ended.console.clone(),
        ..judge(scenario, kernel, &ended.outcome, ended.observation.clone())
    })
}

fn done(kernel: &str, cell: &Cell) -> Event {
    Event::Scenario {
        kernel: kernel.to_owned(),
        scenario: cell.scenario.clone(),
        verdict: cell.verdict,
        took: cell.took,
    }
}

/// Makes cells of a boot. At least one scenario is off the list afterwards.
fn take_in(
    boot: Boot,
    scenarios: &[&Scenario],
    left: &mut VecDeque<&str>,
    findings: &mut Findings,
) {
    let Boot {
        kernel,
        ended,
        end,
        transcript,
        ..
    } = boot;
    for ended in &ended {
        let cell = kernel
            .as_ref()
            .and_then(|kernel| cell_of(kernel, scenarios, ended));
        left.retain(|&name| name != ended.scenario);
        findings.cells.extend(cell);
    }
    if end != End::Complete || findings.last_lines.is_empty() {
        findings.last_lines = transcript.last_lines(LAST_LINES);
    }
    let came_up = kernel.is_some();
    findings.kernel = findings.kernel.take().or(kernel);
    let (verdict, why) = match end {
        End::Complete if left.is_empty() => return,
        End::Complete => (Verdict::Garbled, "the report leaves it out".to_owned()),
        End::Panicked(panic) => (Verdict::Panicked, panic),
        End::Hung(what) => (Verdict::Hung, what),
        End::Died => (
            Verdict::Ended,
            "the machine ended before its report did".to_owned(),
        ),
        End::Garbled(what) => (Verdict::Garbled, what),
        End::Broken(why) => (Verdict::Broken, why),
    };
    // The scenario that was running has its cell: the first that is left, since
    // they are run in order. Where the guest did not even come up, a second boot
    // would tell no more than the first.
    let concerned = if came_up { 1 } else { left.len() };
    for name in left.drain(..concerned.min(left.len())) {
        findings
            .cells
            .push(Cell::without(name, verdict, why.clone()));
    }
}
