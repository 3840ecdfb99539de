//! What a test shows: its cases, read from what it wrote and how it ended.

use std::collections::{BTreeMap, HashSet};

use guest::Status;
use serde::Deserialize;

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
    /// What is wrong with what it wrote.
    pub(super) wrong: Option<String>,
}

impl ShownCases {
    fn case(&mut self, name: &str, value: &str) {
        let (name, value) = (name.trim(), value.trim());
        if self.cases.len() == MOST_CASES {
            self.wrong = Some(format!("it showed over {MOST_CASES} cases"));
            return;
        }
        if !self.names.insert(name.to_owned()) {
            let mut before = self.cases.iter().filter(|case| case.name == name);
            let before = before.next().map_or("", |before| &before.value);
            self.wrong = Some(format!("it showed {name} twice: {before}, and {value}"));
            return;
        }
        self.cases.push(Case {
            name: name.to_owned(),
            value: value.to_owned(),
        });
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
        match self {
            // Its exit status is the sum of its cases, which are told one by one.
            Self::Tap | Self::Libtest | Self::Go => status.success() || failed,
            Self::Exit | Self::Facts => status.success(),
        }
    }
}

fn facts(stdout: &str) -> ShownCases {
    let mut shown = ShownCases::default();
    for line in stdout.lines() {
        if let Some((name, value)) = line.split_once('\t').or_else(|| line.split_once('=')) {
            shown.case(name, value);
        }
    }
    shown
}

/// Both protocols name a subtest in a comment before its results, which are indented.
fn tap(stdout: &str) -> ShownCases {
    let mut shown = ShownCases::default();
    // The subtests around a line, each with its indentation.
    let mut around: Vec<(usize, &str)> = Vec::new();
    // How many results were planned at an indentation, if that was said, and how many came.
    let mut counts: BTreeMap<usize, TapCount> = BTreeMap::new();
    for line in stdout.lines() {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if let Some(name) = text.strip_prefix("# Subtest: ") {
            around.retain(|(other, _)| *other < depth);
            around.push((depth, name.trim()));
        } else if let Some(why) = text.strip_prefix("Bail out!") {
            shown.wrong = Some(format!("it bailed out:{why}"));
        } else if let Some(plan) = tap_plan(text) {
            let count = counts.entry(depth).or_default();
            // The output of several programs has several plans.
            count.planned = Some(count.planned.unwrap_or(0).saturating_add(plan));
        } else if let Some((result, rest)) = tap_result(text) {
            // With the result of a subtest, what is in it is complete.
            let inner = counts.split_off(&(depth + 1));
            let wrong = inner.values().find_map(TapCount::wrong);
            shown.wrong = shown.wrong.or(wrong);
            counts.entry(depth).or_default().came += 1;
            // The result of a subtest is indented less than what is in it.
            around.retain(|(other, _)| *other <= depth && depth > 0);
            let (name, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
            let directive = directive.to_ascii_uppercase();
            let value = match directive.split_whitespace().next() {
                Some("SKIP") => SKIPPED,
                // A failure that is known.
                Some("TODO") if result == FAILED => SKIPPED,
                _ => result,
            };
            let mut path: Vec<&str> = around.iter().map(|(_, name)| *name).collect();
            let name = name.trim_start().trim_start_matches("- ");
            if path.last() != Some(&name) {
                path.push(name);
            }
            shown.case(&path.join("/"), value);
        }
    }
    let wrong = counts.values().find_map(TapCount::wrong);
    shown.wrong = shown.wrong.or(wrong);
    shown
}

/// Results of one level of TAP.
#[derive(Default)]
struct TapCount {
    planned: Option<usize>,
    came: usize,
}

impl TapCount {
    /// That more or fewer came than were planned.
    fn wrong(&self) -> Option<String> {
        let planned = self.planned.filter(|planned| *planned != self.came)?;
        Some(format!(
            "its plan says 1..{planned}, and it showed {} of them",
            self.came
        ))
    }
}

/// How many results a line `1..4` plans.
fn tap_plan(line: &str) -> Option<usize> {
    let plan = line.strip_prefix("1..")?;
    plan.split_whitespace().next()?.parse().ok()
}

/// The result of a line `ok 1 - name`, and what follows the number.
fn tap_result(line: &str) -> Option<(&'static str, &str)> {
    let (result, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (FAILED, rest),
        None => (OK, line.strip_prefix("ok")?),
    };
    let rest = rest.strip_prefix(' ')?.trim_start();
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    Some((result, if after.trim().is_empty() { rest } else { after }))
}

/// Lines `test NAME ... ok`. The program prints the first part before the case runs, and
/// the case may write lines of its own.
fn libtest(stdout: &str) -> ShownCases {
    let mut shown = ShownCases::default();
    for line in stdout.lines() {
        shown.is_whole |= line.starts_with("test result: ");
        if let Some((name, result)) = line
            .strip_prefix("test ")
            .and_then(|line| line.split_once(" ... "))
        {
            let name = name.trim_end_matches(" - should panic");
            shown.running = Some(name.to_owned());
            if let Some(value) = libtest_result(result) {
                shown.case(name, value);
                shown.running = None;
            }
        } else if let Some(value) = libtest_result(line)
            && let Some(name) = shown.running.take()
        {
            shown.case(&name, value);
        }
    }
    if let Some(name) = stdout
        .rsplit_once('\n')
        .and_then(|(_, last)| last.strip_prefix("test "))
        .and_then(|last| last.strip_suffix(" ... "))
    {
        shown.running = Some(name.to_owned());
    }
    shown
}

fn libtest_result(text: &str) -> Option<&'static str> {
    match text.split(',').next()?.trim() {
        "ok" => Some(OK),
        "FAILED" => Some(FAILED),
        "ignored" => Some(SKIPPED),
        _ => None,
    }
}

/// Lines `=== RUN   NAME` and `--- PASS: NAME (0.00s)`. What a test writes itself may stand
/// before the second in its line.
fn go(stdout: &str) -> ShownCases {
    let mut shown = ShownCases::default();
    let mut begun: HashSet<&str> = HashSet::new();
    let mut running: Option<&str> = None;
    for line in stdout.lines() {
        if let Some((what, name)) = go_step(line) {
            match what {
                "RUN" => drop(begun.insert(name)),
                "CONT" | "NAME" => {}
                // It waits until others are done.
                "PAUSE" => {
                    running = None;
                    continue;
                }
                _ => continue,
            }
            running = name.split('/').next();
        } else if let Some((name, value)) = go_result(line).filter(|(name, _)| begun.contains(name))
        {
            shown.case(name, value);
            running = running.filter(|running| *running != name);
        } else {
            shown.is_whole |= matches!(line, "PASS" | "FAIL");
        }
    }
    shown.running = running.map(str::to_owned);
    shown
}

/// `RUN` and the name, of a line `=== RUN   NAME`.
fn go_step(line: &str) -> Option<(&str, &str)> {
    let (what, name) = line.strip_prefix("=== ")?.split_once(' ')?;
    Some((what, name.trim()))
}

fn go_result(line: &str) -> Option<(&str, &'static str)> {
    let results = [("PASS", OK), ("FAIL", FAILED), ("SKIP", SKIPPED)];
    results.into_iter().find_map(|(word, value)| {
        let (_, rest) = line.split_once(&format!("--- {word}: "))?;
        Some((rest.rsplit_once(" (")?.0, value))
    })
}

/// What a test of Go and its subtests wrote: the lines between one that names it and the
/// next one.
pub(super) fn words_of_go<'a>(stdout: &'a str, case: &str) -> Vec<&'a str> {
    let mut own = false;
    let mut words = Vec::new();
    for line in stdout.lines() {
        if let Some((what, name)) = go_step(line) {
            let inside = name.strip_prefix(case);
            let inside = inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            own = inside && what != "PAUSE";
        } else if go_result(line).is_some() {
            own = false;
        } else if own {
            words.push(line);
        }
    }
    words
}

/// The tests in the list of a test program of Go.
pub(super) fn listed_by_go(stdout: &str) -> Vec<&str> {
    let plain = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let kind = |name: &&str| {
        ["Test", "Example", "Fuzz"]
            .iter()
            .any(|it| name.starts_with(it))
    };
    stdout.lines().filter(plain).filter(kind).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn cases(shows: Shows, stdout: &str) -> Vec<String> {
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
    }

    #[test]
    fn tap_has_subtests_directives_and_numbers() {
        let stdout = "TAP version 14\n1..4\n\
                      # Subtest: outer\n    ok 1 - inner\n    not ok 2 - other\n    1..2\n\
                      not ok 1 - outer\nok 2 plain\nok 3 - later # SKIP no such call\n\
                      not ok 4 - known # TODO fix\n";
        let expected = [
            "outer/inner=ok",
            "outer/other=failed",
            "outer=failed",
            "plain=ok",
            "later=skipped",
            "known=skipped",
        ];
        assert_eq!(cases(Shows::Tap, stdout), expected);
        let ktap = "KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: suite\n  1..2\n\
                    \x20 ok 1 first\n  ok 2 second\nok 1 suite\n";
        let expected = ["suite/first=ok", "suite/second=ok", "suite=ok"];
        assert_eq!(cases(Shows::Tap, ktap), expected);
        let wrong = |stdout: &str| Shows::Tap.read(stdout).wrong;
        let short = Some("its plan says 1..3, and it showed 1 of them".to_owned());
        assert_eq!(wrong("1..3\nok 1 - a\n"), short);
        let long = Some("its plan says 1..1, and it showed 2 of them".to_owned());
        assert_eq!(wrong("ok 1 - a\nok 2 - b\n1..1\n"), long);
        let inner = "1..1\n# Subtest: s\n    1..3\n    ok 1 - a\nok 1 - s\n";
        assert_eq!(wrong(inner), short);
        let two = "1..1\n# Subtest: s\n    1..1\n    ok 1 - a\nok 1 - s\n1..1\n\
                   # Subtest: t\n    1..1\n    ok 1 - a\nok 1 - t\n";
        assert_eq!(wrong(two), None);
        assert_eq!(wrong("1..0 # SKIP no such device\n"), None);
        let bailed = Shows::Tap.read("ok 1 - a\nBail out! no memory\n");
        assert_eq!(bailed.wrong.unwrap(), "it bailed out: no memory");
    }

    #[test]
    fn a_test_program_of_rust_says_what_runs() {
        let stdout = "\nrunning 4 tests\ntest a::one ... ok\ntest two ... its own words\nok\n\
                      test three - should panic ... FAILED\ntest four ... ignored, for a reason\n\n\
                      test result: FAILED. 2 passed; 1 failed; 1 ignored\n";
        let expected = ["a::one=ok", "two=ok", "three=failed", "four=skipped"];
        assert_eq!(cases(Shows::Libtest, stdout), expected);
        let shown = Shows::Libtest.read(stdout);
        assert!(shown.is_whole && shown.running.is_none());
        let died = Shows::Libtest.read("running 2 tests\ntest one ... ok\ntest two ... ");
        assert_eq!(died.running.unwrap(), "two");
    }

    #[test]
    fn a_test_program_of_go_says_what_runs() {
        let stdout = "=== RUN   TestA\n=== RUN   TestA/sub\n--- FAIL: TestA (0.01s)\n\
                      \x20   --- FAIL: TestA/sub (0.00s)\n=== RUN   TestB\n--- SKIP: TestB (0.00s)\n\
                      === RUN   TestC\n";
        let expected = ["TestA=failed", "TestA/sub=failed", "TestB=skipped"];
        assert_eq!(cases(Shows::Go, stdout), expected);
        assert_eq!(Shows::Go.read(stdout).running.unwrap(), "TestC");
        assert!(!Shows::Go.read(stdout).is_whole);
        // Parallel ones wait, and what a test writes may look like a result.
        let stdout = "=== RUN   TestA\n=== PAUSE TestA\n=== RUN   TestB\nx--- PASS: TestB (0.00s)\n\
                      === CONT  TestA\n--- FAIL: TestOther (1s)\n=== NAME  TestA\n\
                      --- PASS: TestA (0.00s)\n=== RUN   ExampleA\n--- PASS: ExampleA (0.00s)\nPASS\n";
        assert_eq!(
            cases(Shows::Go, stdout),
            ["TestB=ok", "TestA=ok", "ExampleA=ok"]
        );
        let shown = Shows::Go.read(stdout);
        assert!(shown.is_whole && shown.running.is_none());
        let words = words_of_go(
            "=== RUN   TestA\n    a\n--- FAIL: TestA (0.00s)\n    b\n",
            "TestA",
        );
        assert_eq!(words, ["    a"]);
        let list = "a word of TestMain\nTestA\nBenchmarkB\nExampleC\nTestD|x\n";
        assert_eq!(listed_by_go(list), ["TestA", "ExampleC"]);
    }
}
