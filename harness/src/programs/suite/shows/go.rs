//! What a test program of Go writes.

use std::collections::HashSet;

use super::{FAILED, OK, SKIPPED, ShownCases};

/// Lines `=== RUN   NAME` and `--- PASS: NAME (0.00s)`. What a test writes itself may stand
/// before the second in its line, and be what the program writes, where it runs it again.
pub(super) fn go(stdout: &str) -> ShownCases {
    let mut shown = ShownCases::default();
    let mut begun: HashSet<&str> = HashSet::new();
    // Those without a result: a word `PASS` among them is one of theirs.
    let mut open: HashSet<&str> = HashSet::new();
    let mut running: Option<&str> = None;
    // The first test of a program that runs within a test.
    let mut inside: Option<&str> = None;
    for line in stdout.lines() {
        if let Some((what, name)) = go_step(line) {
            let test = name.split('/').next();
            let is_other = running.is_some() && running != test;
            if what == "RUN" && inside.is_none() && (is_other || open.contains(name)) {
                inside = Some(name);
            }
            match what {
                _ if inside.is_some() => continue,
                "RUN" => {
                    begun.insert(name);
                    open.insert(name);
                }
                "CONT" | "NAME" => {}
                // It waits until others are done.
                "PAUSE" => {
                    running = None;
                    continue;
                }
                _ => continue,
            }
            running = test;
        } else if let Some((name, value)) = go_result(line).filter(|(name, _)| begun.contains(name))
        {
            // The test around it is done, whatever became of the program.
            inside = inside.filter(|inside| Some(name) != running || *inside == name);
            if inside.is_none() {
                shown.case(name, value);
                open.remove(name);
                running = running.filter(|running| *running != name);
            }
        } else if matches!(line, "PASS" | "FAIL") && inside.take().is_none() {
            shown.is_whole |= open.is_empty();
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
pub(in crate::programs::suite) fn words_of_go<'a>(stdout: &'a str, case: &str) -> Vec<&'a str> {
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
pub(in crate::programs::suite) fn listed_by_go(stdout: &str) -> Vec<&str> {
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
    use super::super::Shows;
    use super::super::tests::cases;
    use super::*;

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

    #[test]
    fn a_test_does_not_say_that_the_program_is_done() {
        let shown = Shows::Go.read("=== RUN   TestA\nPASS\n");
        assert!(!shown.is_whole);
        assert_eq!(shown.running.unwrap(), "TestA");
    }

    #[test]
    fn a_test_may_run_its_own_program_again() {
        let helped = |helper: &str| {
            format!(
                "=== RUN   TestA\n=== RUN   {helper}\n--- PASS: {helper} (0.00s)\nPASS\n\
                 --- PASS: TestA (0.01s)\n=== RUN   TestHelper\n--- PASS: TestHelper (0.00s)\n\
                 PASS\n"
            )
        };
        for helper in ["TestHelper", "TestA"] {
            let stdout = helped(helper);
            assert_eq!(cases(Shows::Go, &stdout), ["TestA=ok", "TestHelper=ok"]);
            let shown = Shows::Go.read(&stdout);
            assert!(shown.is_whole && shown.wrong.is_none());
        }
        // One that ends without a word.
        let stdout = helped("TestHelper").replacen("PASS\n--- PASS: TestA", "--- PASS: TestA", 1);
        assert_eq!(cases(Shows::Go, &stdout), ["TestA=ok", "TestHelper=ok"]);
    }
}
