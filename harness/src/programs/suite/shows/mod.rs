//! What a test shows: its cases, read from what it wrote and how it ended.

mod go;
mod libtest;
mod tap;

use std::collections::HashSet;

use guest::{Status, printable};
use serde::Deserialize;

use go::go;
pub(super) use go::{listed_by_go, words_of_go};
use libtest::libtest;
use tap::tap;

use super::expected::VARIES;

/// What a test writes to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Shows {
    /// Nothing that counts: its exit status is what it shows.
    Exit,
    /// Lines `name=value`, or `name`, a tab and `value`.
    Facts,
    /// The Test Anything Protocol, or the kernel's variant of it.
    Tap,
    /// What a test program of Rust writes.
    Libtest,
    /// What a test program of Go writes with `-test.v`.
    Go,
}

/// One thing that a test showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    /// Its name within the test.
    pub(super) name: String,
    /// What was seen: a fact's value, or [`OK`], [`FAILED`] or [`SKIPPED`].
    pub(super) value: String,
}

/// A case that passed, failed, or was skipped.
pub(super) const OK: &str = "ok";
pub(super) const FAILED: &str = "failed";
pub(super) const SKIPPED: &str = "skipped";

/// How many cases a test may show.
const MOST_CASES: usize = 50_000;

/// All that was read of a test.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ShownCases {
    pub(super) cases: Vec<Case>,
    names: HashSet<String>,
    /// The case that had begun and not ended; of Go, the test with all its subtests.
    pub(super) running: Option<String>,
    /// Whether a test program said that it was done.
    pub(super) is_whole: bool,
    /// Whether it said that it skips all cases.
    pub(super) is_skipped: bool,
    /// What is wrong with what it wrote.
    pub(super) wrong: Option<String>,
}

impl ShownCases {
    fn case(&mut self, name: &str, value: &str) {
        // Both go to terminals, and into files that are read there.
        let (name, value) = (printable(name.trim()), printable(value.trim()));
        if self.cases.len() == MOST_CASES {
            self.note_wrong(format!("it showed over {MOST_CASES} cases"));
            return;
        }
        if !self.names.insert(name.clone()) {
            let mut before = self.cases.iter().filter(|case| case.name == name);
            let before = before.next().map_or("", |before| &before.value);
            self.note_wrong(format!("it showed {name} twice: {before}, and {value}"));
            return;
        }
        self.cases.push(Case { name, value });
    }

    /// Notes what is wrong, if nothing was before.
    fn note_wrong(&mut self, why: String) {
        self.wrong.get_or_insert(why);
    }
}

impl Shows {
    /// Reads what a test wrote to stdout.
    pub(super) fn read(self, stdout: &str) -> ShownCases {
        match self {
            Self::Exit => ShownCases::default(),
            Self::Facts => facts(stdout),
            Self::Tap => tap(stdout),
            Self::Libtest => libtest(stdout),
            Self::Go => go(stdout),
        }
    }

    /// Whether a test that ended so, with these cases, ended as its kind does.
    pub(super) fn ends_well(self, status: Status, shown: &ShownCases) -> bool {
        let failed = shown.cases.iter().any(|case| case.value == FAILED);
        match (self, status) {
            // Its exit status is the sum of its cases, which are told one by one.
            (Self::Tap | Self::Libtest | Self::Go, Status::Exited(_)) if failed => true,
            _ => status.success(),
        }
    }
}

fn facts(stdout: &str) -> ShownCases {
    let mut shown = ShownCases::default();
    for line in stdout.lines() {
        if let Some((name, value)) = line.split_once('\t').or_else(|| line.split_once('=')) {
            // An expectation by this word holds of every value.
            if value.trim() == VARIES {
                shown.note_wrong(format!(
                    "it showed {name}={VARIES}, the word for a case that does not show the same \
                     each time: show another one"
                ));
            }
            shown.case(name, value);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    pub(super) fn cases(shows: Shows, stdout: &str) -> Vec<String> {
        let shown = shows.read(stdout);
        let said = |case: &Case| format!("{}={}", case.name, case.value);
        shown.cases.iter().map(said).collect()
    }

    proptest! {
        /// A test writes what it likes.
        #[test]
        fn any_text_is_read(
            lines in vec("[ ]{0,6}(test |ok |not ok |# Subtest: |--- PASS: |=== RUN )?.{0,20}", 0..20),
        ) {
            let stdout = lines.join("\n");
            for shows in [Shows::Exit, Shows::Facts, Shows::Tap, Shows::Libtest, Shows::Go] {
                let shown = shows.read(&stdout);
                let names: BTreeSet<&String> = shown.cases.iter().map(|case| &case.name).collect();
                prop_assert_eq!(names.len(), shown.cases.len());
                prop_assert!(shown.cases.len() <= lines.len());
            }
        }
    }

    #[test]
    fn facts_are_lines_with_a_name_and_a_value() {
        let stdout = "probe of the kernel\nunshare=EINVAL\nopen\tok, 3\nempty=\n";
        let expected = ["unshare=EINVAL", "open=ok, 3", "empty="];
        assert_eq!(cases(Shows::Facts, stdout), expected);
        let twice = Shows::Facts.read("a=1\na=2\n");
        assert!(twice.wrong.unwrap().contains("a twice: 1, and 2"));
        let varies = Shows::Facts.read("a=varies\n");
        assert!(varies.wrong.unwrap().contains("a=varies"));
    }

    #[test]
    fn a_terminal_obeys_no_case() {
        let stdout = "a\u{1b}[31m=\u{1b}]0;x\u{7}\n";
        assert_eq!(
            cases(Shows::Facts, stdout),
            ["a\u{fffd}[31m=\u{fffd}]0;x\u{fffd}"]
        );
    }

    #[test]
    fn a_case_that_failed_excuses_an_exit_status_and_no_signal() {
        let failed = Shows::Tap.read("1..1\nnot ok 1 - a\n");
        assert!(Shows::Tap.ends_well(Status::Exited(1), &failed));
        assert!(!Shows::Tap.ends_well(Status::Killed(11), &failed));
        let passed = Shows::Tap.read("1..1\nok 1 - a\n");
        assert!(!Shows::Tap.ends_well(Status::Exited(1), &passed));
    }
}
