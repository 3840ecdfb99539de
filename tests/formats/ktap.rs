use harness::report::Ktap;

use super::*;

/// A test as KTAP has it.
#[derive(Debug, PartialEq)]
struct KtapTest {
    passed: bool,
    name: String,
    /// The directive, and the text after it.
    directive: Option<(String, String)>,
    subtests: Vec<KtapTest>,
    /// The diagnostic lines before it.
    diagnostics: Vec<String>,
}

/// Reads KTAP version 1 as documented, and is stricter: every plan is fulfilled, numbers
/// count up, each line of a subtest is indented by two spaces, and each line that is no
/// result is a diagnostic line.
fn read(text: &str) -> Vec<KtapTest> {
    assert!(text.ends_with('\n') && !text.contains(['\r', '\0', '\x1b']));
    let mut lines = text.lines().peekable();
    let tests = tests(&mut lines, "");
    assert_eq!(lines.next(), None, "there is more than was planned");
    tests
}

fn tests<'a>(
    lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    indent: &str,
) -> Vec<KtapTest> {
    let mut next = || lines.next().map(|line| own(line, indent).to_owned());
    assert_eq!(next().as_deref(), Some("KTAP version 1"));
    // The kernel's own tests have this line between version and plan.
    let mut line = next().unwrap();
    if line.starts_with("# Subtest: ") {
        line = next().unwrap();
    }
    let planned: usize = line.strip_prefix("1..").unwrap().parse().unwrap();
    let (mut tests, mut diagnostics, mut subtests) = (Vec::new(), Vec::new(), Vec::new());
    while tests.len() < planned {
        let deeper = format!("{indent}  ");
        if lines.peek().is_some_and(|line| line.starts_with(&deeper)) {
            subtests = self::tests(lines, &deeper);
            continue;
        }
        let line = own(
            lines.next().expect("there is less than was planned"),
            indent,
        );
        if let Some(diagnostic) = line.strip_prefix("# ") {
            assert!(!diagnostic.starts_with("Subtest:"), "{line}");
            diagnostics.push(diagnostic.to_owned());
            continue;
        }
        let (passed, rest) = match line.strip_prefix("not ok ") {
            Some(rest) => (false, rest),
            None => (true, line.strip_prefix("ok ").expect(line)),
        };
        let (number, rest) = rest.split_once(' ').unwrap();
        assert_eq!(number, (tests.len() + 1).to_string(), "{line}");
        let (name, directive) = match rest.split_once(" # ") {
            None => (rest, None),
            Some((name, rest)) => (name, Some(rest.split_once(' ').unwrap_or((rest, "")))),
        };
        assert!(!name.contains('#'), "{line}");
        tests.push(KtapTest {
            passed,
            name: name.to_owned(),
            directive: directive.map(|(word, data)| (word.to_owned(), data.to_owned())),
            subtests: std::mem::take(&mut subtests),
            diagnostics: std::mem::take(&mut diagnostics),
        });
    }
    tests
}

/// A line at this level.
fn own<'a>(line: &'a str, indent: &str) -> &'a str {
    let line = line.strip_prefix(indent).expect(line);
    assert!(!line.starts_with(' '), "{line:?}");
    line
}

#[test]
fn a_run_is_ktap() {
    let output = run("ktap");
    is_for_people(&String::from_utf8(output.stderr).unwrap());
    let tests = read(&String::from_utf8(output.stdout).unwrap());
    let [kernel] = &tests[..] else {
        panic!("{tests:?}");
    };
    assert!(kernel.passed && kernel.name == "6.1" && kernel.directive.is_none());
    let subtests: Vec<_> = kernel.subtests.iter().map(|test| &*test.name).collect();
    assert_eq!(subtests, SCENARIOS);
    assert!(kernel.subtests.iter().all(|test| test.passed));
}

#[test]
fn a_wrong_claim_is_not_ok() {
    let mut text = Vec::new();
    run_with_a_wrong_claim("ktap", Ktap::new(&mut text));
    let tests = read(&String::from_utf8(text).unwrap());
    assert!(!tests[0].passed);
    let [right, wrong] = &tests[0].subtests[..] else {
        panic!("{tests:?}");
    };
    assert!(right.passed && !wrong.passed && wrong.directive.is_none());
    let words = format!("{}: unshare: expected EINVAL, observed ok", SCENARIOS[1]);
    assert!(wrong.diagnostics.contains(&words), "{wrong:?}");
}

#[test]
fn hostile_text_changes_no_result() {
    let mut text = Vec::new();
    take_the_worst(Ktap::new(&mut text));
    let text = String::from_utf8(text).unwrap();
    let result = |test: &KtapTest| {
        let directive = test.directive.as_ref().map(|(word, _)| word.clone());
        (
            test.passed,
            test.name.clone(),
            directive.unwrap_or_default(),
        )
    };
    let tests = read(&text);
    let results: Vec<_> = tests.iter().map(result).collect();
    let expected = |list: &[(bool, &str, &str)]| -> Vec<(bool, String, String)> {
        let owned =
            |&(passed, name, word): &(bool, &str, &str)| (passed, name.to_owned(), word.to_owned());
        list.iter().map(owned).collect()
    };
    assert_eq!(
        results,
        expected(&[
            (false, "a_1: b", ""),
            (false, "3.9", ""),
            (true, "3.10", "SKIP"),
            (false, "3.11", "ERROR"),
            (true, "3.12", "SKIP"),
        ])
    );
    assert!(tests[1].diagnostics[0].starts_with("3.9: console: ok 9 "));
    let results: Vec<_> = tests[0].subtests.iter().map(result).collect();
    assert_eq!(
        results,
        expected(&[
            (true, "pass", ""),
            (false, "FAIL", ""),
            (true, "no claim", "SKIP"),
            (false, "TIMED OUT", "TIMEOUT"),
            (false, "PANICKED", "ERROR"),
            (false, "BROKEN", "ERROR"),
            (false, "QEMU FAILED", "ERROR"),
        ])
    );
    // Nothing looks like a directive, or like the end, to the kernel's parser.
    for line in text.lines().map(str::trim_start) {
        assert!(
            line.starts_with("# ") || line.matches('#').count() <= 1,
            "{line}"
        );
    }
    for end in ["Kernel panic - not syncing: VFS:", "reboot: System halted"] {
        assert!(!text.contains(end), "{text}");
    }
}
