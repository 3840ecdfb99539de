//! What failed in a past run, so that it can be run again.

use itertools::Itertools;

use super::event::Header;
use super::log_reader::PastRun;
use super::matrix::{Problem, Row};
use super::verdict::Verdict;

/// The kernels and the tests that failed in a run. A kernel that could not be had is not
/// among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures {
    /// The run's name.
    pub run: String,
    /// The kernels, as words of a command line.
    pub kernels: Vec<String>,
    /// The scenarios, or the tests of a suite.
    pub tests: Vec<String>,
}

impl Failures {
    /// What failed in a run.
    #[must_use]
    pub fn of(run: &PastRun) -> Self {
        let rows = run.rows.iter();
        let failed: Vec<(&Row, Vec<&str>)> = rows
            .map(|row| (row, failed_in(row, &run.header)))
            .filter(|(_, tests)| !tests.is_empty())
            .collect();
        let words = |row: &Row| shlex::split(&row.spec).unwrap_or_default();
        let tests = failed.iter().flat_map(|(_, tests)| tests).unique();
        Self {
            run: run.header.run.clone(),
            kernels: failed.iter().flat_map(|(row, _)| words(row)).collect(),
            tests: tests.map(|&test| test.to_owned()).collect(),
        }
    }

    /// Whether nothing failed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kernels.is_empty()
    }
}

/// The tests that failed on a kernel; all of them, if the harness failed before one ran.
fn failed_in<'a>(row: &'a Row, header: &'a Header) -> Vec<&'a str> {
    if matches!(row.problem, Some(Problem::Failed(_))) && !row.was_run() {
        return header.scenarios.iter().map(String::as_str).collect();
    }
    let broken = matches!(row.problem, Some(Problem::Failed(_)));
    let failed = row.cells.iter().filter(|cell| {
        cell.verdict.is_red()
            || cell.verdict == Verdict::QemuFailed
            || broken && cell.verdict == Verdict::NotRun
    });
    failed.map(|cell| header.test_of(&cell.scenario)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::{row, run};

    #[test]
    fn what_failed_is_named_as_a_command_line_names_it() {
        let mut file = row("k", Some("6.9.0"), &[("a::x", Verdict::Panicked)]);
        file.spec = "'/boot/a b'".to_owned();
        let missing = Row {
            problem: Some(Problem::Unavailable("no network".to_owned())),
            ..row("3.10", None, &[("a", Verdict::NotRun)])
        };
        let broken = Row {
            problem: Some(Problem::Failed("wrong signature".to_owned())),
            ..row("3.11", None, &[("b", Verdict::NotRun)])
        };
        let rows = vec![
            row(
                "5.10",
                Some("5.10.9"),
                &[("a", Verdict::Passed), ("b", Verdict::NoClaim)],
            ),
            row(
                "6.1",
                Some("6.1.9"),
                &[
                    ("b", Verdict::Passed),
                    ("b::x", Verdict::Failed),
                    ("c", Verdict::QemuFailed),
                ],
            ),
            file,
            missing,
            broken,
        ];
        let mut run = run("a", 1, rows);
        run.header.suite = true;
        run.header.scenarios = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let failures = Failures::of(&run);
        assert_eq!(failures.kernels, ["6.1", "/boot/a b", "3.11"]);
        assert_eq!(failures.tests, ["b", "c", "a"]);
        run.rows.truncate(1);
        assert!(Failures::of(&run).is_empty());
    }
}
