//! Tests a kernel by a scenario.

use anyhow::Result;
use guest::{Claim, Fact, Scenario};
use images::Kernel;

use super::{Behaviour, KernelAnswer};
use crate::results::{Cell, Row, Verdict, Watcher};
use crate::scenarios::Suite;

/// What the one scenario of a suite shows on a kernel.
///
/// # Errors
/// Never: a kernel that cannot be tested is skipped.
pub fn ask_scenario(suite: &Suite, kernel: &Kernel, watcher: &dyn Watcher) -> Result<KernelAnswer> {
    let scenario = suite.scenarios.first().copied();
    Ok(answer(scenario, &suite.row(kernel, watcher)))
}

pub(super) fn answer(scenario: Option<&Scenario>, row: &Row) -> KernelAnswer {
    if let Some(problem) = row.problem.as_ref().filter(|_| !row.was_run()) {
        return KernelAnswer::Skipped(problem.why().to_owned());
    }
    let Some(cell) = row.cells.first() else {
        return KernelAnswer::Skipped("the report says nothing".to_owned());
    };
    let because = |word: &str| match cell.why.as_deref().unwrap_or_default() {
        "" => word.to_owned(),
        why => format!("{word} ({why})"),
    };
    if row.kernel.is_none() {
        return KernelAnswer::Skipped(because("it does not boot"));
    }
    let text = match cell.verdict {
        Verdict::NotApplicable | Verdict::NotRun | Verdict::Broken => {
            return KernelAnswer::Skipped(because(cell.verdict.word()));
        }
        Verdict::Passed | Verdict::Failed | Verdict::NoClaim | Verdict::Differs => {
            cell.observed.to_string()
        }
        // A crash is a behaviour, too.
        died => because(died.word()),
    };
    KernelAnswer::Showed(Behaviour {
        class: class(scenario, cell),
        text,
        version: row.version(),
        disagrees: cell.verdict.is_red(),
    })
}

/// What is compared: the sorted facts, or the kind of crash.
fn class(scenario: Option<&Scenario>, cell: &Cell) -> String {
    if !matches!(
        cell.verdict,
        Verdict::Passed | Verdict::Failed | Verdict::NoClaim | Verdict::Differs
    ) {
        return cell.verdict.word().to_owned();
    }
    let claims = scenario.map_or(&[][..], |scenario| scenario.claims);
    let facts = cell.observed.0.iter();
    let mut facts: Vec<String> = facts.map(|fact| settled(claims, fact)).collect();
    facts.sort();
    facts.join(" ")
}

/// A fact in the form of the claim that allows a range for it: `refused=0..200` instead
/// of the 17 of one race. A value that a claim names exactly is kept.
fn settled(claims: &[Claim], fact: &Fact) -> String {
    let expected = claims.iter().flat_map(|claim| claim.observation().0);
    let expected: Vec<Fact> = expected.filter(|it| it.name == fact.name).collect();
    let open = expected.iter().find(|it| it.allows(&fact.value));
    open.filter(|_| !expected.contains(fact))
        .unwrap_or(fact)
        .to_string()
}

#[cfg(test)]
mod tests {
    use guest::Observation;

    use super::*;

    #[test]
    fn a_race_counts_as_a_race_however_it_went() {
        let claims = [
            Claim::since(3, 8).shows("tries=200 refused=0..200"),
            Claim::since(4, 3).shows("tries=200 refused=0"),
        ];
        let settled = |written: &str| settled(&claims, &Observation::written(written).0[0]);
        assert_eq!(settled("refused=17"), "refused=0..200");
        assert_eq!(settled("refused=0"), "refused=0");
        assert_eq!(settled("tries=200"), "tries=200");
        assert_eq!(settled("other=1"), "other=1");
    }
}
