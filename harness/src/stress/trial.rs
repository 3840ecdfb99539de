//! One trial: done, and held against what must come of it.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use guest::faults::Fault;
use guest::{Scenario, scenarios};
use images::{Kernel, Silent, Store};
use nix::sys::signal::Signal;

use super::plan::{self, Trial};
use super::{Figures, Stress, orphans};
use crate::child::dies_with_this;
use crate::{Row, RunDir, Suite, Verdict};

/// Where a trial is made.
pub(super) struct Bed<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) store: Store,
    pub(super) stress: &'a Stress,
    pub(super) dir: &'a RunDir,
    pub(super) number: usize,
}

impl Bed<'_> {
    pub(super) fn run(self) -> Result<Figures> {
        match plan::trial(self.number, scenarios::ALL.len(), self.stress.seed) {
            Trial::Plain => self.boot(None),
            Trial::Fault(fault, place) => self.boot(Some((fault, place))),
            Trial::Killed(command, after) => self.kill(command, after),
            Trial::Hostile(hostility) if hostility.is_possible() => self.suffer(hostility),
            // It is not counted as one.
            Trial::Hostile(_) => self.boot(None),
        }
    }

    /// Boots the kernel for all scenarios, and maybe a fault among them.
    fn boot(self, fault: Option<(&Fault, usize)>) -> Result<Figures> {
        let mut scenarios: Vec<&Scenario> = scenarios::ALL.iter().collect();
        if let Some((fault, place)) = fault {
            scenarios.insert(place, &fault.scenario);
        }
        let kernels = vec![self.kernel.clone()];
        let mut suite = Suite::new(kernels, scenarios, self.store, self.dir.clone())?;
        suite.bench.wish = self.stress.wish;
        if let Some((fault, _)) = fault {
            suite.bench.append = fault.append.iter().map(|&word| word.to_owned()).collect();
        }
        let row = suite.row(self.kernel, &Silent);
        Ok(judged(
            &row,
            &suite.scenarios,
            fault.map(|(fault, _)| fault),
        ))
    }

    /// Lets a process make a run, and kills it.
    fn kill(self, command: plan::Command, after: Duration) -> Result<Figures> {
        let temporary = self.dir.path().join("tmp");
        fs::create_dir(&temporary).with_context(|| format!("creating {}", temporary.display()))?;
        let log = self.dir.path().join("log");
        let log = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let spec = self.kernel.spec();
        let arguments: &[&str] = match command {
            plan::Command::TestKernels => &["test-kernels", &spec],
            plan::Command::Run => &["run", "--kernel", &spec, "--", "/bin/true"],
        };
        let mark = format!("{}-{}", std::process::id(), self.number);
        let mut run = Command::new(&self.stress.program);
        dies_with_this(&mut run, Signal::SIGKILL);
        let mut child = run
            .args(arguments)
            .env(orphans::MARK, &mark)
            .env("TMPDIR", &temporary)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", self.stress.program.display()))?;
        sleep(after);
        child.kill().context("killing a run")?;
        let status = child.wait().context("waiting for a run that was killed")?;
        let was_killed = status.signal().is_some();
        let mut figures = Figures {
            killed: usize::from(was_killed),
            orphans: orphans::processes(&mark),
            ..Figures::default()
        };
        figures.orphans.extend(orphans::files(&temporary));
        // It may have been done before; but one that fails proves nothing.
        if !was_killed && !status.success() {
            let wrong = format!("{} {}: {status}", self.kernel.name(), arguments[0]);
            figures.wrong.push(wrong);
        }
        Ok(figures)
    }
}

/// Holds a row against what must be in it: every scenario passed, and the fault
/// was called what it is.
fn judged(row: &Row, scenarios: &[&Scenario], fault: Option<&Fault>) -> Figures {
    let mut figures = Figures {
        boots: row.boots,
        longest: row.took,
        retries: row.retries.clone(),
        ..Figures::default()
    };
    figures.by_kernel.insert(row.name.clone(), row.boots);
    if let Some(fault) = fault {
        figures.faults.insert(fault.scenario.name.to_owned(), 1);
    }
    if let Some(problem) = &row.problem {
        figures.lost.push(format!("{}: {problem}", row.name));
    }
    for scenario in scenarios {
        let cell = row.cells.iter().find(|cell| cell.scenario == scenario.name);
        let injected = fault.filter(|fault| fault.scenario.name == scenario.name);
        let told = |what: &str| format!("{} {}: {what}", row.name, scenario.name);
        let Some(cell) = cell else {
            figures.lost.push(told("no result"));
            continue;
        };
        let said = match &cell.why {
            Some(why) => format!("{}: {why}", cell.verdict),
            None => cell.verdict.to_string(),
        };
        match injected {
            Some(fault) if fault.verdicts.contains(&cell.verdict.word()) => {}
            Some(_) => figures.wrong.push(told(&said)),
            None if cell.verdict == Verdict::Passed => figures.results += 1,
            None if has_arrived(cell.verdict) => figures.wrong.push(told(&said)),
            None => figures.lost.push(told(&said)),
        }
    }
    figures
}

/// Whether somebody looked and could tell what came of it.
fn has_arrived(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Passed
        | Verdict::Failed
        | Verdict::NoClaim
        | Verdict::NotApplicable
        | Verdict::Broken
        | Verdict::Died
        | Verdict::TimedOut => true,
        Verdict::NotRun
        | Verdict::Panicked
        | Verdict::Hung
        | Verdict::Ended
        | Verdict::QemuFailed
        | Verdict::Garbled => false,
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::os::unix::fs::PermissionsExt;

    use guest::faults;
    use images::Catalogue;

    use super::*;
    use crate::{Cell, Wish};

    /// Some scenarios and a fault after the first, and a row in which all is as
    /// it must be.
    fn right() -> (Vec<&'static Scenario>, &'static Fault, Row) {
        let fault = faults::find("fault_panic").unwrap();
        let scenarios = vec![&scenarios::ALL[0], &fault.scenario, &scenarios::ALL[1]];
        let mut row = Row::new("6.1", "6.1");
        row.boots = 2;
        row.cells = scenarios
            .iter()
            .map(|scenario| Cell::without(scenario.name, Verdict::Passed, ""))
            .collect();
        row.cells[1].verdict = Verdict::Panicked;
        (scenarios, fault, row)
    }

    fn counted(change: impl FnOnce(&mut Row)) -> (usize, usize, usize) {
        let (scenarios, fault, mut row) = right();
        change(&mut row);
        let figures = judged(&row, &scenarios, Some(fault));
        (figures.results, figures.wrong.len(), figures.lost.len())
    }

    /// Kills a run of this program after a while.
    fn killed(script: &str) -> Figures {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("xtask");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let run = place.path().file_name().unwrap().to_string_lossy();
        let dir = RunDir::of_run(&format!("tests-stress{run}")).unwrap();
        let kernel = Kernel::File("/k/vmlinuz".into());
        let stress = Stress {
            kernels: vec![kernel.clone()],
            boots: 1,
            jobs: NonZeroUsize::MIN,
            load: 0,
            seed: 1,
            wish: Wish::Auto,
            qemu: crate::qemu::Launch::of_host("qemu-system-x86_64"),
            program,
            dir: dir.clone(),
        };
        let bed = Bed {
            kernel: &kernel,
            store: Store::builder(&Catalogue::builtin()).build().unwrap(),
            stress: &stress,
            dir: &dir,
            number: 0,
        };
        let after = Duration::from_millis(500);
        bed.kill(plan::Command::TestKernels, after).unwrap()
    }

    #[test]
    fn a_run_is_killed_or_was_done_and_one_that_fails_is_wrong() {
        for (script, count, wrong) in [
            ("exec sleep 60", 1, vec![]),
            ("exit 0", 0, vec![]),
            ("exit 3", 0, vec!["vmlinuz test-kernels: exit status: 3"]),
        ] {
            let figures = killed(script);
            assert_eq!(figures.killed, count, "{script}");
            assert_eq!(figures.wrong, wrong, "{script}");
        }
    }

    #[test]
    fn what_is_as_it_must_be_is_counted_as_right() {
        assert_eq!(counted(|_| {}), (2, 0, 0));
    }

    #[test]
    fn a_fault_that_passes_is_a_wrong_verdict() {
        assert_eq!(
            counted(|row| row.cells[1].verdict = Verdict::Passed),
            (2, 1, 0)
        );
    }

    #[test]
    fn a_scenario_that_fails_is_a_wrong_verdict() {
        assert_eq!(
            counted(|row| row.cells[2].verdict = Verdict::Failed),
            (1, 1, 0)
        );
    }

    #[test]
    fn a_result_that_does_not_arrive_is_lost() {
        assert_eq!(
            counted(|row| row.cells[2].verdict = Verdict::Hung),
            (1, 0, 1)
        );
        assert_eq!(counted(|row| row.cells.truncate(2)), (1, 0, 1));
    }
}
