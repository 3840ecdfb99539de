//! The tests of Go packages.

use serde_json::Value;
use strata_tests::Repository;

use super::text;

/// Stands for Go, which need not be on this host: it builds test programs that are scripts,
/// and tell as Go's do what runs.
const GO: &str = r#"#!/bin/sh
case $1 in
list)
    printf 'example.org/own\t%s\texample.org/own\n\nexample.org/own/sub\t%s/sub\texample.org/own\n' "$PWD" "$PWD"
    ;;
test)
    [ "$2 $3" = "-c -o" ] || exit 1
    { printf '#!/bin/sh\nroot=%s\n' "$PWD"; sed 1d bin/test.sh; } > "$4"
    chmod +x "$4"
    ;;
esac
"#;

/// What a test program of Go does, in short: with `-test.list`, `-test.v` and `-test.run`.
const GO_TEST: &str = r#"#!/bin/sh
all='TestOk TestPanics TestCrashes TestLast'
for word; do
    case $word in
    -test.list=.) for name in $all; do echo "$name"; done; exit 0 ;;
    -test.run=*)
        word=${word#-test.run=^(}
        all=$(IFS='|'; for name in ${word%)$}; do echo "$name"; done)
        ;;
    esac
done
[ "$1 $2" = '-test.v -test.parallel=1' ] || exit 9
read -r data < testdata/a
[ "$data" = data ] && [ -e "$root/go.mod" ] || exit 8
for name in $all; do
    echo "=== RUN   $name"
    case $name in
    TestPanics) echo '--- FAIL: TestPanics (0.00s)'; echo 'panic: boom' >&2; exit 2 ;;
    TestCrashes) if [ "$PWD" = "$root" ]; then echo c > /proc/sysrq-trigger; fi; exit 5 ;;
    TestLast)
        echo '=== RUN   TestLast/sub'
        echo '    own_test.go:9: its own words'
        echo '--- FAIL: TestLast (0.00s)'
        echo '    --- FAIL: TestLast/sub (0.00s)'
        echo FAIL
        exit 1
        ;;
    esac
    echo "--- PASS: $name (0.00s)"
done
echo PASS
"#;

#[test]
fn tests_of_go_packages_are_cases_and_one_that_ends_the_program_does_not_end_the_others() {
    let repository = Repository::with("[[test]]\nname = \"go\"\ngo = \"./...\"\n");
    repository.write("bin/go", GO);
    repository.write("bin/test.sh", GO_TEST);
    for (file, words) in [
        ("go.mod", ""),
        ("testdata/a", "data\n"),
        ("sub/testdata/a", "data\n"),
    ] {
        repository.write(file, words);
    }
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", repository.path().join("bin").display());
    let test = |words: &[&str]| {
        let words = [&["test", "--accel", "tcg"], words].concat();
        repository
            .strata(&words)
            .env("PATH", &path)
            .output()
            .unwrap()
    };
    let output = test(&["--format", "json"]);
    let row = text(&output.stdout)
        .lines()
        .find(|line| line.contains("\"event\":\"kernel\""));
    let row: Value = serde_json::from_str(row.unwrap_or_else(|| panic!("{output:?}"))).unwrap();
    let cells = row["cells"].as_array().unwrap().iter();
    let verdicts: Vec<String> = cells
        .map(|cell| format!("{}: {}", cell["scenario"], cell["verdict"]).replace('"', ""))
        .collect();
    let of = |name: &str, crashes: &str| {
        [
            format!("{name}: passed"),
            format!("{name}::TestOk: passed"),
            format!("{name}::TestPanics: failed"),
            format!("{name}::TestCrashes: {crashes}"),
            format!("{name}::TestLast: failed"),
            format!("{name}::TestLast/sub: failed"),
        ]
    };
    let expected = [of("go", "panicked"), of("go/sub", "failed")].concat();
    assert_eq!(verdicts, expected, "{output:?}");
    let people = test(&["--test", "go/sub"]);
    assert_eq!(people.status.code(), Some(1));
    let said = text(&people.stdout);
    assert!(
        said.contains("TestCrashes: FAIL: it ended the program: exit status 5"),
        "{said}"
    );
    assert!(
        said.contains("    own_test.go:9: its own words\n"),
        "{said}"
    );
}
