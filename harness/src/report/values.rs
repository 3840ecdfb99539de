//! What cases showed on each kernel, side by side.

use std::fmt::Write;

use console::truncate_str;
use itertools::Itertools;

use super::aligned::aligned;
use crate::results::{Cell, Matrix, Row};

/// The longest value that is shown whole.
const WIDEST: usize = 24;

/// The cases whose values differ from kernel to kernel, a line each; and how many are the
/// same on all.
#[must_use]
pub fn values(matrix: &Matrix) -> String {
    let rows: Vec<&Row> = matrix.rows.iter().filter(|row| row.was_run()).collect();
    let Some(first) = rows.first().filter(|_| rows.len() > 1) else {
        return String::new();
    };
    let value = |row: &Row, number: usize| {
        let fact = row
            .cells
            .get(number)
            .and_then(|cell| cell.observed.0.first());
        fact.map_or("-".to_owned(), |fact| fact.value.clone())
    };
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut same = 0;
    for (number, Cell { scenario, .. }) in first.cells.iter().enumerate() {
        let shown: Vec<String> = rows.iter().map(|row| value(row, number)).collect();
        if shown.iter().all_equal() {
            same += 1;
            continue;
        }
        let shown = shown
            .iter()
            .map(|value| truncate_str(value, WIDEST, "…").into_owned());
        lines.push([scenario.clone()].into_iter().chain(shown).collect());
    }
    let mut text = String::new();
    if !lines.is_empty() {
        let heading = ["what differs".to_owned()].into_iter();
        let heading = heading.chain(rows.iter().map(|row| row.name.clone()));
        lines.insert(0, heading.collect());
        text.push_str(&aligned(&lines));
    }
    let kernels = rows.len();
    let cases = if same == 1 {
        "case shows"
    } else {
        "cases show"
    };
    let _ = writeln!(text, "{same} {cases} the same on these {kernels} kernels");
    text
}

#[cfg(test)]
mod tests {
    use guest::Observation;

    use super::*;
    use crate::results::Verdict;

    #[test]
    fn what_differs_stands_side_by_side() {
        let row = |name: &str, values: [&str; 2]| {
            let cells = ["a::one", "a::two"].into_iter().zip(values);
            let cells = cells.map(|(case, value)| Cell {
                observed: Observation::written(&format!("x={value}")),
                ..Cell::without(case, Verdict::NoClaim, "")
            });
            Row {
                cells: cells.collect(),
                ..Row::new(name, name)
            }
        };
        let rows = vec![row("5.10", ["EINVAL", "ok"]), row("6.1", ["ok", "ok"])];
        let expected = "what differs  5.10    6.1\n\
                        a::one        EINVAL  ok\n\
                        1 case shows the same on these 2 kernels\n";
        assert_eq!(values(&Matrix { rows }), expected);
        assert_eq!(values(&Matrix::default()), "");
    }
}
