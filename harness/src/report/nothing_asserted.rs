//! That a run asserted nothing, which is no success.

use std::cmp::Reverse;

use itertools::Itertools;

use crate::results::{Matrix, Verdict};

/// Why, in words, if all was run and yet nothing passed or is red: what came of the cells
/// instead, and how many of them.
#[must_use]
pub fn nothing_asserted(matrix: &Matrix) -> Option<String> {
    let cells = || matrix.rows.iter().flat_map(|row| &row.cells);
    let says_nothing = |verdict| {
        matches!(
            verdict,
            Verdict::NoClaim | Verdict::Differs | Verdict::NotApplicable
        )
    };
    let is_empty = cells().next().is_none();
    if is_empty || !cells().all(|cell| says_nothing(cell.verdict)) {
        return None;
    }
    let reasons = cells().map(|cell| match cell.why.as_deref() {
        Some(why) => format!("{}: {why}", cell.verdict),
        None => cell.verdict.to_string(),
    });
    let counts = reasons
        .counts()
        .into_iter()
        .sorted_by_key(|(reason, count)| (Reverse(*count), reason.clone()));
    let counts = counts.map(|(reason, count)| format!("\n  {count} × {reason}"));
    let counts: String = counts.collect();
    Some(format!(
        "nothing was asserted, which is no success: nothing passed, and nothing is red{counts}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Cell, Row};

    fn said(cells: &[(Verdict, &str)]) -> Option<String> {
        let cell = |(verdict, why): &(Verdict, &str)| Cell::without("example", *verdict, *why);
        let row = Row {
            cells: cells.iter().map(cell).collect(),
            ..Row::new("6.1", "6.1")
        };
        nothing_asserted(&Matrix { rows: vec![row] })
    }

    #[test]
    fn it_is_told_what_came_of_the_cells_instead() {
        let varies = (Verdict::NoClaim, "it varies");
        let told = said(&[varies, (Verdict::NotApplicable, "no such call"), varies]).unwrap();
        let reasons = "\n  2 × no claim: it varies\n  1 × not applicable: no such call";
        assert!(told.ends_with(reasons), "{told}");
        assert_eq!(said(&[]), None);
        for other in [Verdict::Passed, Verdict::Failed, Verdict::NotRun] {
            assert_eq!(said(&[varies, (other, "it is so")]), None);
        }
    }
}
