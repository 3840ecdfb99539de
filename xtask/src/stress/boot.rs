//! A boot for all scenarios, maybe with a fault among them.

use anyhow::Result;
use guest::faults::Fault;
use guest::{Scenario, scenarios};
use harness::{Row, RunDir, Suite, Verdict};
use images::{Catalogue, Kernel, Silent, Store};

use super::Stress;
use super::figures::{Figures, Finding};

impl Stress {
    /// Boots the kernel for all scenarios, with a fault before the scenario of that
    /// number.
    pub(super) fn boot(
        &self,
        kernel: &Kernel,
        dir: &RunDir,
        fault: Option<(&Fault, usize)>,
    ) -> Result<Figures> {
        let mut scenarios: Vec<&Scenario> = scenarios::ALL.iter().collect();
        if let Some((fault, place)) = fault {
            scenarios.insert(place, &fault.scenario);
        }
        let store = Store::builder(&Catalogue::builtin()).build()?;
        let mut suite = Suite::new(vec![kernel.clone()], scenarios, store, dir.clone())?;
        suite.machines.accelerator = self.wish;
        let fault = fault.map(|(fault, _)| fault);
        let append = fault.map_or(&[][..], |fault| fault.append);
        suite.machines.append = append.iter().map(|&word| word.to_owned()).collect();
        let row = suite.row(kernel, &Silent);
        Ok(judged(&row, &suite.scenarios, fault))
    }
}

/// Counts what is right in a row, and what is not: every scenario must pass, and the
/// fault must be called what it is.
fn judged(row: &Row, scenarios: &[&Scenario], fault: Option<&Fault>) -> Figures {
    let mut figures = Figures::default();
    figures.longest = row.took;
    for _ in 0..row.boots {
        figures.find(Finding::Boot, &row.name);
    }
    for retry in &row.retries {
        figures.find(Finding::Retry, retry);
    }
    if let Some(fault) = fault {
        figures.find(Finding::Fault, fault.scenario.name);
    }
    if let Some(problem) = &row.problem {
        figures.find(Finding::Lost, format!("{}: {problem}", row.name));
    }
    for scenario in scenarios {
        let told = |what: &str| format!("{} {}: {what}", row.name, scenario.name);
        let cell = row.cells.iter().find(|cell| cell.scenario == scenario.name);
        let Some(cell) = cell else {
            figures.find(Finding::Lost, told("no result"));
            continue;
        };
        let said = match &cell.why {
            Some(why) => told(&format!("{}: {why}", cell.verdict)),
            None => told(cell.verdict.word()),
        };
        match fault.filter(|fault| fault.scenario.name == scenario.name) {
            Some(fault) if fault.verdicts.contains(&cell.verdict.word()) => {}
            Some(_) => figures.find(Finding::Wrong, said),
            None if cell.verdict == Verdict::Passed => figures.find(Finding::Right, scenario.name),
            None if has_arrived(cell.verdict) => figures.find(Finding::Wrong, said),
            None => figures.find(Finding::Lost, said),
        }
    }
    figures
}

/// Whether the result of the scenario reached the harness.
fn has_arrived(verdict: Verdict) -> bool {
    !matches!(
        verdict,
        Verdict::NotRun
            | Verdict::Panicked
            | Verdict::Hung
            | Verdict::Ended
            | Verdict::QemuFailed
            | Verdict::Garbled
    )
}

#[cfg(test)]
mod tests {
    use guest::faults;
    use harness::Cell;

    use super::*;

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
        (
            figures.number(Finding::Right),
            figures.number(Finding::Wrong),
            figures.number(Finding::Lost),
        )
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
