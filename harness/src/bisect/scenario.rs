//! A scenario, asked of one kernel.

use anyhow::Result;
use guest::Observation;
use images::Kernel;

use super::{Showed, Trial};
use crate::{Cell, Problem, Row, Suite, Verdict, Watcher};

/// What the one scenario of a suite shows on a kernel.
///
/// # Errors
/// None of its own: whatever keeps a kernel from being asked is a reason to skip
/// it.
pub fn ask_scenario(suite: &Suite, kernel: &Kernel, watcher: &dyn Watcher) -> Result<Trial> {
    Ok(trial(&suite.row(kernel, watcher)))
}

fn trial(row: &Row) -> Trial {
    if let Some(Problem::Unavailable(why) | Problem::Failed(why)) = &row.problem {
        return Trial::Skipped(why.clone());
    }
    let Some(cell) = row.cells.first() else {
        return Trial::Skipped("the report says nothing".to_owned());
    };
    let because = |word: &str| {
        let why = cell.why.as_deref().unwrap_or_default();
        if why.is_empty() {
            word.to_owned()
        } else {
            format!("{word} ({why})")
        }
    };
    if row.kernel.is_none() {
        return Trial::Skipped(because("it does not boot"));
    }
    let text = match cell.verdict {
        Verdict::NotApplicable | Verdict::NotRun | Verdict::Broken => {
            return Trial::Skipped(because(cell.verdict.word()));
        }
        Verdict::Passed | Verdict::Failed | Verdict::NoClaim => cell.observed.to_string(),
        // A crash is something to see, too.
        died => because(died.word()),
    };
    Trial::Showed(Showed {
        class: class(cell),
        text,
        version: row.version(),
        disagrees: cell.verdict.is_red(),
    })
}

/// What is compared: the facts, in whatever order they were seen, or the kind of
/// crash.
fn class(cell: &Cell) -> String {
    match cell.verdict {
        Verdict::Passed | Verdict::Failed | Verdict::NoClaim => sorted(&cell.observed),
        other => other.word().to_owned(),
    }
}

fn sorted(observation: &Observation) -> String {
    let mut facts: Vec<String> = observation.0.iter().map(ToString::to_string).collect();
    facts.sort();
    facts.join(" ")
}
