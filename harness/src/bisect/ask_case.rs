//! Tests a kernel by a case of somebody's own suite.

use anyhow::Result;
use images::Kernel;

use super::KernelAnswer;
use super::ask_scenario::answer;
use crate::programs::{ProgramSuite, TestOrder};
use crate::results::{Cell, Verdict, Watcher};

/// What a case shows on a kernel: its value, that it is not shown, or how its test ended
/// the machine.
///
/// # Errors
/// Never: a kernel that cannot be tested is skipped.
pub fn ask_case(
    suite: &ProgramSuite,
    case: &str,
    kernel: &Kernel,
    watcher: &dyn Watcher,
) -> Result<KernelAnswer> {
    let mut row = suite.row(kernel, TestOrder::Forwards, watcher);
    let test = row.cells.first().cloned();
    row.cells.retain(|cell| cell.scenario == case);
    if row.cells.is_empty() {
        row.cells.extend(test.map(|test| match test.verdict {
            Verdict::Passed | Verdict::Failed => Cell {
                observed: guest::Observation::default(),
                ..Cell::without(case, Verdict::NoClaim, "it is not shown")
            },
            _ => test,
        }));
    }
    let answer = answer(None, &row);
    Ok(match answer {
        KernelAnswer::Showed(mut showed) => {
            // The neighbours are asked for, not whether they are right.
            showed.disagrees = false;
            if showed.text.is_empty() {
                "it is not shown".clone_into(&mut showed.text);
            }
            KernelAnswer::Showed(showed)
        }
        skipped => skipped,
    })
}
