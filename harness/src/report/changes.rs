//! What changed from earlier runs to later ones, as text and as JSON.

use std::fmt::Write;

use guest::Observation;
use itertools::Itertools;

use super::aligned::aligned;
use super::difference::differences;
use super::explain::pretty;
use crate::results::{Cell, ChangedCell, ChangedKernel, Changes};
use crate::system::grouped;

/// What changed: kernels first, then a line for each case and change.
#[must_use]
pub fn changes(changes: &Changes) -> String {
    let mut text = format!(
        "from {} to {}\n",
        changes.before.join(", "),
        changes.after.join(", ")
    );
    for kernel in &changes.kernels {
        let _ = writeln!(text, "{}", kernel_in_words(kernel));
    }
    let mut lines = vec![["what changed", "kernels", "before", "after", ""].map(str::to_owned)];
    lines.extend(changed_together(&changes.cells).iter().map(|together| {
        let ChangedCell {
            scenario,
            before,
            after,
            ..
        } = together.first();
        let word = |cell: &Option<Cell>| {
            let verdict = cell.as_ref().map(|cell| cell.verdict.word());
            verdict.unwrap_or("-").to_owned()
        };
        [
            scenario.clone(),
            together.kernels(),
            word(before),
            word(after),
            together.facts.join(" "),
        ]
    }));
    if lines.len() > 1 {
        text.push('\n');
        text.push_str(&aligned(&lines));
    }
    let changed = match changes.cells.len() {
        1 => "1 cell changed".to_owned(),
        cells => format!("{cells} cells changed"),
    };
    let _ = writeln!(text, "\n{changed}, {} show the same", changes.same);
    text
}

/// The same as JSON: its fields are those of [`Changes`], and cells are as in the events.
#[must_use]
pub fn changes_json(changes: &Changes) -> String {
    pretty(changes)
}

/// A kernel that is new, gone, or another build.
pub(super) fn kernel_in_words(changed: &ChangedKernel) -> String {
    let name = &changed.kernel;
    let release = |release: &str| match release {
        "" => "a kernel that did not come up".to_owned(),
        release => release.to_owned(),
    };
    match (&changed.before, &changed.after) {
        (Some(before), Some(after)) => {
            format!("{name} was {}, and is {}", release(before), release(after))
        }
        (Some(_), None) => format!("{name} was run before, and is not now"),
        (None, _) => format!("{name} is run now, and was not before"),
    }
}

/// Cells of one scenario that changed alike.
pub(super) struct ChangedTogether<'a> {
    pub(super) cells: Vec<&'a ChangedCell>,
    /// The facts that changed, each as `name: before → after`.
    pub(super) facts: Vec<String>,
}

impl<'a> ChangedTogether<'a> {
    pub(super) fn first(&self) -> &'a ChangedCell {
        self.cells[0]
    }

    fn kernels(&self) -> String {
        self.cells.iter().map(|cell| &cell.kernel).join(", ")
    }
}

/// Groups what changed alike on several kernels, case by case.
pub(super) fn changed_together(cells: &[ChangedCell]) -> Vec<ChangedTogether<'_>> {
    let by_scenario = grouped(cells.iter().map(|cell| (&cell.scenario, cell)));
    let cells = by_scenario.into_iter().flat_map(|(_, cells)| cells);
    let verdict = |cell: &Option<Cell>| cell.as_ref().map(|cell| cell.verdict);
    let key = |cell: &ChangedCell| {
        let verdicts = (verdict(&cell.before), verdict(&cell.after));
        (cell.scenario.clone(), verdicts, facts(cell))
    };
    let groups = grouped(cells.map(|cell| (key(cell), cell)));
    let together = groups.into_iter();
    together
        .map(|((_, _, facts), cells)| ChangedTogether { cells, facts })
        .collect()
}

fn facts(changed: &ChangedCell) -> Vec<String> {
    let seen = |cell: &Option<Cell>| cell.as_ref().and_then(Cell::behaviour);
    let none = Observation::default;
    let before = seen(&changed.before).unwrap_or_else(none);
    let after = seen(&changed.after).unwrap_or_else(none);
    // Of a cell that is gone, nothing is left to be told.
    if changed.after.is_none() {
        return Vec::new();
    }
    let dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let differences = differences(&before, &after).into_iter();
    let told = differences.map(|fact| match fact.before {
        None if changed.before.is_none() => format!("{}: {}", fact.fact, dash(fact.after)),
        before => format!("{}: {} → {}", fact.fact, dash(before), dash(fact.after)),
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::{row, run};
    use crate::results::{Merged, Row, Verdict};

    fn run_of(name: &str, rows: &[(&str, &str)], seen: &str, verdict: Verdict) -> Merged {
        let rows = rows.iter().map(|(spec, release)| {
            let mut row = row(
                spec,
                Some(release),
                &[("a::x", verdict), ("a::y", Verdict::Passed)],
            );
            row.cells[0].observed = Observation::written(seen);
            row
        });
        Merged::of(&[run(name, 1, rows.collect::<Vec<Row>>())])
    }

    #[test]
    fn what_changed_alike_is_a_line() {
        let kernels = [("5.10", "5.10.1"), ("6.1", "6.1.9"), ("6.12", "6.12.3")];
        let before = run_of("old", &kernels[..2], "x=EINVAL", Verdict::Passed);
        let kernels = [("5.10", "5.10.1"), ("6.1", "6.1.10"), ("6.12", "6.12.3")];
        let after = run_of("new", &kernels, "x=ok", Verdict::Failed);
        let found = Changes::of(&before, &after);
        let expected = "\
from old to new
6.1 was 6.1.9, and is 6.1.10
6.12 is run now, and was not before

what changed  kernels    before  after
a::x          5.10, 6.1  pass    FAIL   x: EINVAL → ok

2 cells changed, 2 show the same
";
        assert_eq!(changes(&found), expected);
        let json: serde_json::Value = serde_json::from_str(&changes_json(&found)).unwrap();
        assert_eq!(json["cells"][0]["after"]["verdict"], "failed");
        assert_eq!(json["kernels"][1]["before"], serde_json::Value::Null);
        let same = Changes::of(&after, &after);
        assert_eq!(
            changes(&same),
            "from new to new\n\n0 cells changed, 6 show the same\n"
        );
    }
}
