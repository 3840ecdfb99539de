//! Merges several runs, of other days and hosts, into one matrix.

mod missing;
mod same_kernel;
mod worst;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use guest::scenarios;
use itertools::Itertools;
use jiff::Timestamp;

use crate::results::accelerator::Accelerator;
use crate::results::audit::Flaw;
use crate::results::log_reader::PastRun;
use crate::results::matrix::{Exit, Matrix, Row};
use crate::results::shard::Shard;
use crate::results::verdict::{Cell, Verdict};
pub use missing::missing_shards;
use same_kernel::{RowOfRun, kernels_of, order, row_of};
pub use worst::Worst;

/// What several runs found. It does not depend on their order, nor on how kernels were
/// divided among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Whether all runs are of suites of somebody's own.
    pub suite: bool,
    /// The directory of their `strata.toml`, where it is one.
    pub repository: Option<PathBuf>,
    /// The names of all scenarios: as the table of claims has them, then those
    /// it does not know.
    pub scenarios: Vec<String>,
    /// One a kernel, from old to new, with a cell for each of the scenarios.
    pub matrix: Matrix,
    /// The verdicts of all runs for cells about which the runs disagree.
    pub dissent: BTreeMap<Place, Vec<Sighting>>,
    /// The runs, oldest first.
    pub sources: Vec<MergedRun>,
    /// Shards that are missing: their kernels are unknown.
    pub missing: Vec<Shard>,
    /// Contradictions in the logs, with the name of the run.
    pub flaws: Vec<(String, Flaw)>,
}

/// A cell: the kernel's place in the matrix, and the scenario's.
pub type Place = (usize, usize);

/// A verdict of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The run's name.
    pub run: String,
    /// Its verdict.
    pub verdict: Verdict,
}

/// A run that was merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedRun {
    /// Its name.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// The host's name.
    pub host: String,
    /// The accelerator, if guests were booted.
    pub accelerator: Option<Accelerator>,
    /// How many kernels it has rows of.
    pub kernels: usize,
    /// Whether it finished.
    pub finished: bool,
}

impl Merged {
    /// Merges runs. Of two verdicts for a scenario on a kernel the newer one counts,
    /// unless it is `NotRun`.
    ///
    /// Rows are of the same kernel if they have the same spec and release. A row of a
    /// kernel that never came up belongs to the newest of its spec that did.
    #[must_use]
    pub fn of(runs: &[PastRun]) -> Self {
        let mut runs: Vec<&PastRun> = runs.iter().collect();
        runs.sort_by_key(|run| (run.header.started, &run.header.run, &run.header.host));
        runs.dedup();
        let scenarios = scenarios_of(&runs);
        let mut kernels: Vec<(Row, Vec<RowOfRun<'_>>)> = kernels_of(&runs)
            .into_iter()
            .filter_map(|seen| Some((row_of(&seen)?, seen)))
            .collect();
        kernels.sort_by_key(|(row, _)| order(row));
        let flaws = |run: &&PastRun| {
            let names = std::iter::repeat(run.header.run.clone());
            names.zip(run.flaws.clone())
        };
        let repositories = runs.iter().map(|run| run.header.repository.clone());
        let repositories = repositories.unique().collect_vec();
        let mut merged = Self {
            suite: !runs.is_empty() && runs.iter().all(|run| run.header.suite),
            repository: repositories.into_iter().exactly_one().ok().flatten(),
            sources: runs.iter().map(|run| MergedRun::of(run)).collect(),
            missing: missing_shards(runs.iter().map(|run| &run.header)),
            flaws: runs.iter().flat_map(flaws).collect(),
            ..Self::default()
        };
        for (at, (mut row, seen)) in kernels.into_iter().enumerate() {
            for (number, scenario) in scenarios.iter().enumerate() {
                let (cell, dissent) = cell_of(scenario, &seen);
                row.cells.push(cell);
                if !dissent.is_empty() {
                    merged.dissent.insert((at, number), dissent);
                }
            }
            merged.matrix.rows.push(row);
        }
        merged.scenarios = scenarios;
        merged
    }

    /// Reads runs, each a directory or the file of its events, and merges them;
    /// where none is named, the newest one of this workspace.
    ///
    /// # Errors
    /// If one cannot be read, or there is none.
    pub fn read(paths: &[PathBuf]) -> Result<Self> {
        if paths.is_empty() {
            return Ok(Self::of(&[PastRun::read(&PastRun::newest()?)?]));
        }
        let runs = paths.iter().map(|path| PastRun::read(path));
        Ok(Self::of(&runs.collect::<Result<Vec<_>>>()?))
    }

    /// The exit code. A run that was cut short, a missing shard or a contradiction is
    /// no success. A reported red is a disagreement, in a cell or not; with `strict`,
    /// so is a cell about which runs disagree.
    #[must_use]
    pub fn exit(&self, strict: bool) -> Exit {
        let whole = match self.worst() {
            Worst::HidesRed => Exit::Disagreed,
            Worst::Flawed | Worst::CutShort | Worst::Missing => Exit::Unable,
            _ => Exit::Agreed,
        };
        let dissent = strict && !self.dissent.is_empty();
        match (self.matrix.exit(strict), whole) {
            (Exit::Disagreed, _) | (_, Exit::Disagreed) => Exit::Disagreed,
            (Exit::Agreed, _) if dissent => Exit::Disagreed,
            (Exit::Agreed, whole) => whole,
            (exit, _) => exit,
        }
    }

    /// The worst result.
    #[must_use]
    pub fn worst(&self) -> Worst {
        Worst::of(self)
    }

    /// The contradictions, one line each.
    pub fn flaws_in_words(&self) -> impl Iterator<Item = String> {
        let flaws = self.flaws.iter();
        flaws.map(|(run, flaw)| format!("DOES NOT ADD UP: {run}: {}", flaw.what))
    }

    /// How long a kernel took, by the name under which it was asked for.
    #[must_use]
    pub fn took(&self, kernel: &str) -> Option<Duration> {
        let mut rows = self.matrix.rows.iter();
        let row = rows.find(|row| row.name == kernel && row.was_run())?;
        Some(row.took)
    }

    /// Why its cells may not be all that there is to see, one line each.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let cut = self.cut_short_in_words().into_iter();
        let more = cut.chain(self.missing_in_words());
        self.flaws_in_words().chain(more).collect()
    }

    /// Which shards are missing, if any are.
    pub(crate) fn missing_in_words(&self) -> Option<String> {
        let missing = self.missing.iter().join(", ");
        (!missing.is_empty()).then(|| format!("MISSING shards: {missing}"))
    }

    /// Which runs were cut short, if any were.
    pub(crate) fn cut_short_in_words(&self) -> Option<String> {
        let cut = self.sources.iter().filter(|source| !source.finished);
        let cut = cut.map(|source| &source.run).join(", ");
        (!cut.is_empty()).then(|| format!("CUT SHORT: {cut}"))
    }

    /// The cells that are red, kernel by kernel.
    pub fn red(&self) -> impl Iterator<Item = (&Row, &Cell)> {
        let rows = self.matrix.rows.iter();
        let all = rows.flat_map(|row| row.cells.iter().map(move |cell| (row, cell)));
        all.filter(|(_, cell)| cell.verdict.is_red())
    }
}

impl fmt::Display for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} × {} cells: {}",
            self.matrix.rows.len(),
            self.scenarios.len(),
            self.matrix.tally()
        )?;
        if !self.flaws.is_empty() {
            f.write_str(", DOES NOT ADD UP")?;
        }
        [self.cut_short_in_words(), self.missing_in_words()]
            .iter()
            .flatten()
            .try_for_each(|words| write!(f, ", {words}"))
    }
}

impl MergedRun {
    fn of(run: &PastRun) -> Self {
        Self {
            run: run.header.run.clone(),
            started: run.header.started,
            host: run.header.host.clone(),
            accelerator: run.accelerator.as_ref().map(|choice| choice.accelerator),
            kernels: run.rows.len(),
            finished: run.finished.is_some(),
        }
    }
}

fn scenarios_of(runs: &[&PastRun]) -> Vec<String> {
    let announced = runs.iter().flat_map(|run| &run.header.scenarios);
    let cells = runs
        .iter()
        .flat_map(|run| &run.rows)
        .flat_map(|row| &row.cells);
    let names = announced.chain(cells.map(|cell| &cell.scenario)).unique();
    let place = |name: &&String| {
        let known = scenarios::ALL.iter().position(|s| s.name == **name);
        (known.unwrap_or(usize::MAX), (*name).clone())
    };
    names.sorted_by_cached_key(place).cloned().collect()
}

/// The newest cell, and all verdicts if they differ.
fn cell_of(scenario: &str, seen: &[RowOfRun<'_>]) -> (Cell, Vec<Sighting>) {
    let cells: Vec<(&PastRun, &Cell)> = seen
        .iter()
        .flat_map(|(run, row)| row.cells.iter().map(move |cell| (*run, cell)))
        .filter(|(_, cell)| cell.scenario == scenario)
        .collect();
    let was_run = |(_, cell): &&(&PastRun, &Cell)| cell.verdict != Verdict::NotRun;
    let looked = cells.iter().filter(was_run).collect_vec();
    let Some((_, newest)) = looked.last().copied().or(cells.last()) else {
        let cell = Cell::without(scenario, Verdict::NotRun, "no run was asked for it");
        return (cell, Vec::new());
    };
    let dissent = match looked.iter().map(|(_, cell)| cell.verdict).all_equal() {
        true => Vec::new(),
        false => looked
            .iter()
            .map(|(run, cell)| Sighting {
                run: run.header.run.clone(),
                verdict: cell.verdict,
            })
            .collect(),
    };
    ((*newest).clone(), dissent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::matrix::Problem;
    use crate::results::tests::{row, run};

    fn names(merged: &Merged) -> Vec<&str> {
        let rows = merged.matrix.rows.iter();
        rows.map(|row| row.name.as_str()).collect()
    }

    #[test]
    fn kernels_stand_from_old_to_new() {
        let of = |spec: &str, release| row(spec, release, &[("one", Verdict::Passed)]);
        let runs = [
            run("b", 2, vec![of("own", None), of("7.3", Some("7.3.4"))]),
            run(
                "a",
                1,
                vec![
                    of("bzImage-3.10.4", Some("3.10.4")),
                    of("5.10", None),
                    of("3.9", Some("3.9.6")),
                ],
            ),
        ];
        let merged = Merged::of(&runs);
        assert_eq!(
            names(&merged),
            ["3.9", "bzImage-3.10.4", "5.10", "7.3", "own"]
        );
    }

    #[test]
    fn architectures_stand_side_by_side() {
        let of = |spec: &str, release| row(spec, release, &[("one", Verdict::Passed)]);
        let rows = vec![
            of("arm64/7.3", None),
            of("arm64/6.1", Some("6.1.0-50-cloud-arm64")),
            of("7.3", Some("7.3.4")),
            of("5.10", Some("5.10.223")),
        ];
        let merged = Merged::of(&[run("a", 1, rows)]);
        assert_eq!(names(&merged), ["5.10", "7.3", "arm64/6.1", "arm64/7.3"]);
    }

    #[test]
    fn the_newest_verdict_counts_and_dissent_is_kept() {
        let of = |verdict| vec![row("6.1", Some("6.1.9"), &[("one", verdict)])];
        let runs = [
            run("new", 2, of(Verdict::Passed)),
            run("newest", 3, of(Verdict::NotRun)),
            run("old", 1, of(Verdict::Failed)),
        ];
        let merged = Merged::of(&runs);
        assert_eq!(merged.matrix.rows.len(), 1);
        assert_eq!(merged.matrix.rows[0].cells[0].verdict, Verdict::Passed);
        let said = merged.dissent[&(0, 0)]
            .iter()
            .map(|s| (s.run.as_str(), s.verdict));
        assert_eq!(
            said.collect::<Vec<_>>(),
            [("old", Verdict::Failed), ("new", Verdict::Passed)]
        );
        assert_eq!(merged.exit(false), Exit::Agreed);
        assert_eq!(merged.exit(true), Exit::Disagreed);
    }

    #[test]
    fn another_version_of_a_series_is_another_kernel() {
        let of = |release| vec![row("6.1", Some(release), &[("one", Verdict::Passed)])];
        let runs = [run("a", 1, of("6.1.9")), run("b", 2, of("6.1.10"))];
        assert_eq!(Merged::of(&runs).matrix.rows.len(), 2);
    }

    #[test]
    fn a_kernel_that_never_came_up_is_the_newest_that_did() {
        let up = |release| vec![row("6.1", Some(release), &[("one", Verdict::Passed)])];
        let down = vec![row("6.1", None, &[("one", Verdict::Panicked)])];
        let runs = [
            run("a", 1, up("6.1.9")),
            run("b", 2, up("6.1.10")),
            run("c", 3, down),
        ];
        let merged = Merged::of(&runs);
        let verdicts = merged.matrix.rows.iter().map(|row| row.cells[0].verdict);
        assert_eq!(
            verdicts.collect::<Vec<_>>(),
            [Verdict::Passed, Verdict::Panicked]
        );
        assert_eq!(merged.exit(false), Exit::Disagreed);
    }

    #[test]
    fn a_failure_of_the_harness_is_not_made_good_by_another_run() {
        let passed = vec![row("6.1", Some("6.1.9"), &[("one", Verdict::Passed)])];
        let failed = Row {
            problem: Some(Problem::Failed("wrong signature".to_owned())),
            ..row("6.1", None, &[("one", Verdict::NotRun)])
        };
        let merged = Merged::of(&[run("a", 1, vec![failed]), run("b", 2, passed)]);
        assert_eq!(merged.exit(false), Exit::Unable);
    }

    #[test]
    fn a_run_that_was_cut_short_is_no_success() {
        let passed = vec![row("6.1", Some("6.1.9"), &[("one", Verdict::Passed)])];
        let cut = PastRun {
            finished: None,
            ..run("a", 1, passed)
        };
        let merged = Merged::of(&[cut]);
        assert_eq!(merged.exit(false), Exit::Unable);
        assert!(merged.to_string().ends_with("CUT SHORT: a"), "{merged}");
    }

    #[test]
    fn shards_of_which_one_is_missing_are_no_success() {
        let part = |name, kernel, shard: &str| {
            let rows = vec![row(kernel, Some(kernel), &[("one", Verdict::Passed)])];
            let mut run = run(name, 1, rows);
            run.header.shard = Some(shard.parse().unwrap());
            run
        };
        let parts = [part("a", "3.10", "1/2"), part("b", "6.1", "2/2")];
        let whole = Merged::of(&parts);
        assert_eq!(
            (whole.exit(false), &whole.missing[..]),
            (Exit::Agreed, &[][..])
        );
        let part = Merged::of(&parts[1..]);
        assert_eq!(part.exit(false), Exit::Unable);
        assert!(part.to_string().ends_with("MISSING shards: 1/2"), "{part}");
    }

    #[test]
    fn a_qemu_that_failed_is_no_success() {
        let cells = [("one", Verdict::Passed), ("two", Verdict::QemuFailed)];
        let merged = Merged::of(&[run("a", 1, vec![row("6.1", Some("6.1.9"), &cells)])]);
        assert_eq!(merged.exit(false), Exit::Unable);
        assert_eq!(
            merged.to_string(),
            "1 × 2 cells: 1 passed, 0 red, 1 QEMU failed"
        );
    }

    #[test]
    fn a_record_that_does_not_add_up_is_no_success() {
        let passed = || vec![row("6.1", Some("6.1.9"), &[("one", Verdict::Passed)])];
        let flawed = |hides_red| {
            let what = "3.10 has no row".to_owned();
            Merged::of(&[PastRun {
                flaws: vec![Flaw { what, hides_red }],
                ..run("a", 1, passed())
            }])
        };
        let merged = flawed(false);
        assert_eq!(merged.exit(false), Exit::Unable);
        assert!(
            merged.to_string().ends_with(", DOES NOT ADD UP"),
            "{merged}"
        );
        let merged = flawed(true);
        assert_eq!(merged.exit(false), Exit::Disagreed);
    }

    #[test]
    fn a_scenario_that_no_run_had_is_not_run() {
        let of = |spec, scenario| vec![row(spec, Some(spec), &[(scenario, Verdict::Passed)])];
        let merged = Merged::of(&[
            run("a", 1, of("3.10", "zebra")),
            run("b", 2, of("3.11", "unshare_fs")),
        ]);
        assert_eq!(merged.scenarios, ["unshare_fs", "zebra"]);
        let cell = &merged.matrix.rows[0].cells[0];
        assert_eq!(
            (cell.scenario.as_str(), cell.verdict),
            ("unshare_fs", Verdict::NotRun)
        );
    }
}
