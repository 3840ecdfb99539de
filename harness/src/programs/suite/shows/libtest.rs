//! What a test program of Rust writes.

use super::{FAILED, OK, SKIPPED, ShownCases};

/// Lines `test NAME ... ok`. The program prints the first part before the case runs, and
/// the case may write lines of its own: also those of a whole test program, where it runs
/// itself again.
pub(super) fn libtest(stdout: &str) -> ShownCases {
    let mut shown = ShownCases::default();
    // How many programs within a case have begun and not ended.
    let mut inside = 0_usize;
    for line in stdout.lines() {
        if shown.running.is_some() && is_heading(line) {
            inside += 1;
        } else if inside > 0 {
            inside -= usize::from(line.starts_with(WHOLE));
        } else if line.starts_with(WHOLE) {
            shown.is_whole = true;
        } else if let Some((name, result)) = line
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
        .filter(|_| inside == 0)
    {
        shown.running = Some(name.to_owned());
    }
    shown
}

/// What the last line of a program begins with.
const WHOLE: &str = "test result: ";

/// Whether a line is the first one of a program: `running 3 tests`.
fn is_heading(line: &str) -> bool {
    let count = line
        .strip_prefix("running ")
        .and_then(|rest| rest.strip_suffix(" tests").or(rest.strip_suffix(" test")));
    count.is_some_and(|count| count.parse::<usize>().is_ok())
}

fn libtest_result(text: &str) -> Option<&'static str> {
    match text.split(',').next()?.trim() {
        "ok" => Some(OK),
        "FAILED" => Some(FAILED),
        "ignored" => Some(SKIPPED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Shows;
    use super::super::tests::cases;

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
    fn a_case_may_run_its_own_program_again() {
        let stdout = "\nrunning 2 tests\ntest spawns ... \nrunning 1 test\ntest helper ... ok\n\n\
                      test result: ok. 1 passed; 0 failed\n\nok\ntest helper ... ok\n\n\
                      test result: ok. 2 passed; 0 failed\n";
        assert_eq!(cases(Shows::Libtest, stdout), ["spawns=ok", "helper=ok"]);
        let shown = Shows::Libtest.read(stdout);
        assert!(shown.is_whole && shown.wrong.is_none());
        let (cut, _) = stdout.split_once("\nok\n").unwrap();
        let cut = Shows::Libtest.read(cut);
        assert!(!cut.is_whole);
        assert_eq!(cut.running.unwrap(), "spawns");
    }
}
