//! What changed from earlier runs to later ones.

use std::collections::BTreeSet;

use serde::Serialize;

use super::matrix::Row;
use super::merged::{Merged, Place};
use super::verdict::{Cell, Verdict};

/// What later runs say otherwise than earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The names of the earlier runs, the oldest first.
    pub before: Vec<String>,
    /// Those of the later ones.
    pub after: Vec<String>,
    /// Kernels that are new, gone, or another build of the same name.
    pub kernels: Vec<ChangedKernel>,
    /// Cells that show something else, are new or are gone; none of a kernel that is new or
    /// gone as a whole.
    pub cells: Vec<ChangedCell>,
    /// How many cells show the same.
    pub same: usize,
}

/// A kernel that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedKernel {
    /// The name under which it was asked for.
    pub kernel: String,
    /// Its release, empty if it did not come up; none if it was not run.
    pub before: Option<String>,
    /// The same, later.
    pub after: Option<String>,
}

/// A cell that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedCell {
    /// The name under which the kernel was asked for.
    pub kernel: String,
    /// The scenario, or the case of a suite.
    pub scenario: String,
    /// What it was; none if it is new.
    pub before: Option<Cell>,
    /// What it is; none if it is gone.
    pub after: Option<Cell>,
    /// Its place among the later runs, where it has one.
    #[serde(skip)]
    pub at: Option<Place>,
}

impl Changes {
    /// Compares earlier runs with later ones. Kernels are the same if they have the same
    /// words on the command line: 6.1 is 6.1, whichever point release it was.
    #[must_use]
    pub fn of(before: &Merged, after: &Merged) -> Self {
        let names = |merged: &Merged| merged.sources.iter().map(|run| run.run.clone()).collect();
        let mut changes = Self {
            before: names(before),
            after: names(after),
            ..Self::default()
        };
        for (old, new) in pairs(&before.matrix.rows, &after.matrix.rows) {
            changes.kernel(old, new.map(|at| (at, &after.matrix.rows[at])));
        }
        changes
    }

    /// Whether nothing changed. That a kernel has another release by itself is no change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let came_or_went =
            |kernel: &ChangedKernel| kernel.before.is_none() || kernel.after.is_none();
        self.cells.is_empty() && !self.kernels.iter().any(came_or_went)
    }

    /// The places of the cells that changed, among the later runs.
    #[must_use]
    pub fn places(&self) -> BTreeSet<Place> {
        self.cells.iter().filter_map(|cell| cell.at).collect()
    }

    fn kernel(&mut self, old: Option<&Row>, new: Option<(usize, &Row)>) {
        let after = new.map(|(_, row)| row);
        let Some(named) = after.or(old) else {
            return;
        };
        let (was, is) = (release(old), release(after));
        if was != is {
            self.kernels.push(ChangedKernel {
                kernel: named.name.clone(),
                before: was.clone(),
                after: is.clone(),
            });
        }
        // Its cells came or went with it.
        if was.is_none() || is.is_none() {
            return;
        }
        let cells = |row: Option<&Row>| row.map_or_else(Vec::new, |row| row.cells.clone());
        let (old, new_cells) = (cells(old), cells(after));
        for (number, cell) in new_cells.iter().enumerate() {
            let before = old.iter().find(|old| old.scenario == cell.scenario);
            let at = new.map(|(at, _)| (at, number));
            self.cell(&named.name, before, Some(cell), at);
        }
        let is_gone = |cell: &&Cell| !new_cells.iter().any(|new| new.scenario == cell.scenario);
        for cell in old.iter().filter(is_gone) {
            self.cell(&named.name, Some(cell), None, None);
        }
    }

    fn cell(
        &mut self,
        kernel: &str,
        before: Option<&Cell>,
        after: Option<&Cell>,
        at: Option<Place>,
    ) {
        let was_run = |cell: &&Cell| cell.verdict != Verdict::NotRun;
        let (before, after) = (before.filter(was_run), after.filter(was_run));
        let Some(named) = after.or(before) else {
            return;
        };
        if before
            .zip(after)
            .is_some_and(|(before, after)| is_same(before, after))
        {
            self.same += 1;
            return;
        }
        self.cells.push(ChangedCell {
            kernel: kernel.to_owned(),
            scenario: named.scenario.clone(),
            before: before.cloned(),
            after: after.cloned(),
            at,
        });
    }
}

/// The release of a kernel that was run, empty if it did not come up.
fn release(row: Option<&Row>) -> Option<String> {
    let row = row.filter(|row| row.was_run())?;
    let kernel = row.kernel.as_ref();
    Some(kernel.map_or_else(String::new, |kernel| kernel.release.clone()))
}

/// Whether two cells show the same, apart from numbers that their claims leave open, and from
/// what is known to vary.
fn is_same(before: &Cell, after: &Cell) -> bool {
    let varies = before.varies() && after.varies();
    before.verdict == after.verdict && (varies || before.behaviour() == after.behaviour())
}

/// Earlier rows with the numbers of the later ones of the same kernel: of the same release
/// where there are several, else the newest.
fn pairs<'a>(before: &'a [Row], after: &[Row]) -> Vec<(Option<&'a Row>, Option<usize>)> {
    let mut left: Vec<&Row> = before.iter().collect();
    let mut take = |fits: &dyn Fn(&Row) -> bool| {
        let at = left.iter().rposition(|row| fits(row))?;
        Some(left.remove(at))
    };
    let mut partners: Vec<Option<&Row>> = after
        .iter()
        .map(|new| take(&|old| old.spec == new.spec && old.kernel == new.kernel))
        .collect();
    for (new, partner) in after.iter().zip(&mut partners).rev() {
        if partner.is_none() {
            *partner = take(&|old| old.spec == new.spec);
        }
    }
    let paired = partners.into_iter().enumerate();
    let paired = paired.map(|(at, old)| (old, Some(at))).collect::<Vec<_>>();
    let gone = left.into_iter().map(|old| (Some(old), None));
    paired.into_iter().chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use guest::{Claim, Observation};

    use super::*;
    use crate::results::tests::{row, run};
    use crate::results::{Claimed, PastRun};

    fn merged(rows: Vec<Row>) -> Merged {
        Merged::of(&[run("a", 1, rows)])
    }

    fn said(before: Vec<Row>, after: Vec<Row>) -> Vec<String> {
        let changes = Changes::of(&merged(before), &merged(after));
        let word = |cell: &Option<Cell>| cell.as_ref().map_or("-", |cell| cell.verdict.word());
        let line = |cell: &ChangedCell| {
            let (kernel, scenario) = (&cell.kernel, &cell.scenario);
            let (before, after) = (word(&cell.before), word(&cell.after));
            format!("{kernel} {scenario}: {before}, {after}")
        };
        changes.cells.iter().map(line).collect()
    }

    #[test]
    fn cells_change_come_and_go() {
        let passed = Verdict::Passed;
        let before = [
            ("one", passed),
            ("two", passed),
            ("old", passed),
            ("x", Verdict::NotRun),
        ];
        let after = [
            ("one", passed),
            ("two", Verdict::Failed),
            ("new", passed),
            ("x", passed),
        ];
        let lines = said(
            vec![row("6.1", Some("6.1.9"), &before)],
            vec![row("6.1", Some("6.1.10"), &after)],
        );
        let expected = [
            "6.1 new: -, pass",
            "6.1 two: pass, FAIL",
            "6.1 x: -, pass",
            "6.1 old: pass, -",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_seen_counts_and_an_open_number_does_not() {
        let cell = |seen: &str| Cell {
            claim: Some(Claimed::of(&Claim::since(3, 2).shows("call=ok tries=0..9"))),
            observed: Observation::written(seen),
            ..Cell::without("one", Verdict::Passed, "")
        };
        let rows = |seen: &str| {
            let mut row = row("6.1", Some("6.1.9"), &[]);
            row.cells = vec![cell(seen)];
            vec![row]
        };
        let old = || rows("call=ok tries=3");
        assert!(said(old(), rows("call=ok tries=7")).is_empty());
        assert_eq!(said(old(), rows("call=EPERM tries=3")).len(), 1);
        let varies = |seen: &str| {
            let mut rows = rows(seen);
            rows[0].cells[0].why = Some(Cell::VARIES.to_owned());
            rows
        };
        assert!(said(varies("id=1"), varies("id=2")).is_empty());
        assert_eq!(said(rows("id=1"), varies("id=2")).len(), 1);
    }

    #[test]
    fn a_kernel_that_is_new_or_gone_is_one_change() {
        let up = |spec: &str, release: &str| row(spec, Some(release), &[("a", Verdict::Passed)]);
        let not_run = row("7.3", None, &[("a", Verdict::NotRun)]);
        let before = merged(vec![up("5.10", "5.10.1"), up("6.1", "6.1.9"), not_run]);
        let after = merged(vec![up("6.1", "6.1.10"), up("7.3", "7.3.4")]);
        let changes = Changes::of(&before, &after);
        let said = |kernel: &ChangedKernel| {
            let word = |it: &Option<String>| it.clone().unwrap_or_default();
            format!(
                "{}: {}, {}",
                kernel.kernel,
                word(&kernel.before),
                word(&kernel.after)
            )
        };
        let kernels: Vec<String> = changes.kernels.iter().map(said).collect();
        assert_eq!(
            kernels,
            ["6.1: 6.1.9, 6.1.10", "7.3: , 7.3.4", "5.10: 5.10.1, "]
        );
        assert_eq!((changes.cells.len(), changes.same), (0, 1));
        assert!(!changes.is_empty());
        // Another release alone is no change.
        let moved = Changes::of(
            &merged(vec![up("6.1", "6.1.9")]),
            &merged(vec![up("6.1", "6.1.10")]),
        );
        assert!(moved.is_empty() && moved.kernels.len() == 1);
    }

    #[test]
    fn of_two_releases_of_a_kernel_each_has_its_own() {
        let of = |release: &str, verdict| row("6.1", Some(release), &[("a", verdict)]);
        let runs = |rows: [Row; 2]| -> Vec<PastRun> {
            let runs = rows.into_iter().zip(1..);
            runs.map(|(row, second)| run(&second.to_string(), second, vec![row]))
                .collect()
        };
        let before = Merged::of(&runs([
            of("6.1.9", Verdict::Passed),
            of("6.1.10", Verdict::Failed),
        ]));
        let after = Merged::of(&runs([
            of("6.1.10", Verdict::Failed),
            of("6.1.11", Verdict::Passed),
        ]));
        let changes = Changes::of(&before, &after);
        assert!(changes.is_empty(), "{changes:?}");
    }
}
