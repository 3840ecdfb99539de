//! `strata test` in somebody's own repository.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;
use strata_tests::{Repository, any_image, xtask};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

const FACTS: &str = "\n[[test]]\nname = \"probe\"\nrun = [\"./probe.sh\"]\nshows = \"facts\"\n";

#[test]
fn what_a_test_shows_is_recorded_and_then_asserted() {
    let repository = Repository::with(FACTS);
    let probe = |value: &str| format!("#!/bin/sh\necho call={value}\necho 'other\tok'\n");
    repository.write("probe.sh", &probe("EINVAL"));
    let (code, verdicts) = repository.verdicts(&[]);
    let unknown = [
        "probe: passed",
        "probe::call: no_claim",
        "probe::other: no_claim",
    ];
    assert_eq!((code, &verdicts[..]), (0, &unknown.map(str::to_owned)[..]));

    let output = repository.test(&["--record"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let recorded = repository.read("strata.expected.toml");
    assert!(recorded.contains("case = \"probe::call\"\nkernels = \"6.1\"\nshows = \"EINVAL\""));
    let known = [
        "probe: passed",
        "probe::call: passed",
        "probe::other: passed",
    ];
    let (code, verdicts) = repository.verdicts(&[]);
    assert_eq!((code, &verdicts[..]), (0, &known.map(str::to_owned)[..]));

    let explained = repository
        .strata(&["explain", "probe::call"])
        .output()
        .unwrap();
    assert_eq!(
        text(&explained.stdout),
        "probe::call\n\n  6.1: EINVAL\n    recorded\n"
    );

    // It shows something else, and a case less.
    repository.write("probe.sh", "#!/bin/sh\necho call=ok\n");
    let output = repository.test(&[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.contains("probe::call: FAIL"), "{said}");
    assert!(said.contains("call  EINVAL    ok"), "{said}");
    assert!(
        said.contains("probe::other: FAIL: it was not shown"),
        "{said}"
    );
    assert!(said.contains("reproduce: strata test --kernel"), "{said}");

    let output = repository.test(&["--accept", "probe::call"]);
    assert!(text(&output.stderr).contains("probe::call on 6.1: ok (was EINVAL)"));
    let (code, verdicts) = repository.verdicts(&[]);
    let one_less = [
        "probe: passed",
        "probe::call: passed",
        "probe::other: failed",
    ];
    assert_eq!((code, &verdicts[..]), (1, &one_less.map(str::to_owned)[..]));

    // What is written by hand outweighs that.
    let strata = repository.read("strata.toml");
    let by_hand = "\n[[expect]]\ncase = \"probe::call\"\nkernels = \"5.10..\"\nshows = \"EPERM\"\n\
                   because = \"our own reason\"\n";
    repository.write("strata.toml", &(strata + by_hand));
    let output = repository.test(&[]);
    assert!(
        text(&output.stdout).contains("claimed since 5.10: our own reason"),
        "{output:?}"
    );
}

#[test]
fn what_failed_is_run_again_and_the_rest_is_not() {
    let run = |name: &str| format!("[[test]]\nname = \"{name}\"\nrun = [\"./{name}\"]\n");
    let repository = Repository::with(&["works", "fails"].map(run).concat());
    repository.write("works", "#!/bin/sh\nexit 0\n");
    repository.write("fails", "#!/bin/sh\nexit 3\n");
    let output = repository.test(&["--rerun-failed"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("leave out --rerun-failed"));

    let output = repository.test(&["--junit", "results.xml", "--format", "github"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(repository.read("results.xml").contains("<failure message="));
    // Where what is expected of it stands.
    assert!(text(&output.stdout).contains("::error file=strata.toml,line=1,title="));
    let again = || repository.verdicts(&["--rerun-failed"]);
    assert_eq!(again(), (1, vec!["fails: failed".to_owned()]));
    repository.write("fails", "#!/bin/sh\nexit 0\n");
    assert_eq!(again(), (0, vec!["fails: passed".to_owned()]));
    let output = repository.test(&["--rerun-failed"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stderr).contains("nothing failed in the run "));
    let both = repository.test(&["--rerun-failed", "--test", "works"]);
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}

#[test]
fn a_test_has_the_limits_and_control_groups_that_it_names() {
    let limits = "[[test]]\nname = \"limits\"\nrun = [\"./limits.sh\"]\nshows = \"facts\"\n";
    let named = "ulimits = [\"nofile=64:100\", \"core=unlimited\"]\ncgroup = \"none\"\n";
    let expect = "[[expect]]\ncase = \"limits::files\"\nshows = \"64\"\n\
                  [[expect]]\ncase = \"limits::groups\"\nshows = \"none\"\n";
    let script = "#!/bin/sh\necho files=$(ulimit -n)\n\
                  [ -e /sys/fs/cgroup/cgroup.procs ] && echo groups=v2 || echo groups=none\n";
    for (more, code) in [(named, 0), ("", 1)] {
        let repository = Repository::with(&[limits, more, expect].concat());
        repository.write("limits.sh", script);
        let (found, verdicts) = repository.verdicts(&[]);
        assert_eq!(found, code, "{verdicts:?}");
    }
}

#[test]
fn a_case_that_disagrees_with_itself_is_recorded_as_such() {
    let repository = Repository::with(FACTS);
    let probe = "#!/bin/sh\nread -r id < /proc/sys/kernel/random/uuid\necho id=$id\n";
    repository.write("probe.sh", probe);
    let output = repository.test(&["--record"]);
    assert!(
        text(&output.stderr).contains("probe::id on 6.1: varies"),
        "{output:?}"
    );
    let (_, verdicts) = repository.verdicts(&[]);
    assert_eq!(verdicts, ["probe: passed", "probe::id: no_claim"]);
}

#[test]
fn a_suite_that_asserts_nothing_says_so() {
    let tests = "[[test]]\nname = \"skips\"\nrun = [\"./skips\"]\nshows = \"tap\"\n\
                 [[test]]\nname = \"varies\"\nrun = [\"./skips\"]\n";
    let repository = Repository::with(tests);
    repository.write("skips", "#!/bin/sh\necho '1..0 # SKIP no such call'\n");
    let varies = "[[expect]]\ncase = \"varies\"\nkernels = \"6.1\"\nshows = \"varies\"\n";
    repository.write("strata.expected.toml", varies);
    let output = repository.test(&[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = text(&output.stderr);
    assert!(said.contains("nothing was asserted"), "{said}");
    assert!(
        said.contains("1 × not applicable: it was skipped"),
        "{said}"
    );
    assert!(
        said.contains("1 × no claim: it does not show the same each time"),
        "{said}"
    );
}

#[test]
fn a_crash_a_hang_and_a_flood_are_told_apart_and_the_rest_runs() {
    let run = |name: &str, more: &str, script: &str| {
        format!("[[test]]\nname = \"{name}\"\nrun = [\"sh\", \"-c\", \"{script}\"]\n{more}\n")
    };
    let tests = [
        run(
            "panics",
            "shows = \"facts\"",
            "echo c > /proc/sysrq-trigger; echo b=2",
        ),
        run("hangs", "timeout = 2", "while :; do :; done"),
        run(
            "floods",
            "shows = \"facts\"\nfiles = [\"/usr/bin/head\"]",
            "/usr/bin/head -c 9000000 /dev/zero",
        ),
        run(
            "reports",
            "shows = \"tap\"",
            "echo ok 1 - one; echo not ok 2 - two; exit 1",
        ),
        run("stops", "shows = \"tap\"", "echo 1..3; echo ok 1 - one"),
        run("fails", "", "exit 3"),
        run("alone", "fresh = true", "true"),
        "[[test]]\nname = \"scripts\"\ndir = \"bin\"\n".to_owned(),
    ];
    let repository = Repository::with(&tests.concat());
    repository.write("bin/works", "#!/bin/sh\nexit 0\n");
    repository.write("bin/README", "no program");
    let (code, verdicts) = repository.verdicts(&[]);
    let expected = [
        "panics: panicked",
        "hangs: timed_out",
        "floods: broken",
        "reports: passed",
        "reports::one: passed",
        "reports::two: failed",
        "stops: broken",
        "stops::one: passed",
        "fails: failed",
        "alone: passed",
        "scripts/works: passed",
    ];
    assert_eq!((code, &verdicts[..]), (1, &expected.map(str::to_owned)[..]));
    // One that writes for ever is told from one that hangs.
    let endless = run("endless", "timeout = 2", "while :; do echo more; done");
    let silent = run("hangs", "timeout = 2", "while :; do :; done");
    let repository_of_both = Repository::with(&[endless, silent].concat());
    let output = repository_of_both.test(&["--page", "public"]);
    let wrote = |name: &str| {
        let why = format!("{name}: TIMED OUT: not done after 2 s, in which it wrote ");
        let (_, written) = text(&output.stdout).split_once(&why).unwrap();
        let (number, _) = written.split_once(" bytes").unwrap();
        number.parse::<u64>().unwrap()
    };
    assert!(wrote("endless") > 0, "{output:?}");
    assert_eq!(wrote("hangs"), 0, "{output:?}");
    let page = repository_of_both.read("public/index.html");
    assert!(page.contains("endless") && page.contains("hangs"));
    // What crashed or hung is never recorded.
    let output = repository.test(&["--record", "--test", "panics", "--test", "fails"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let recorded = repository.read("strata.expected.toml");
    assert!(recorded.contains("exit status 3") && !recorded.contains("case = \"panics\"\n"));
}

#[test]
fn a_test_that_shows_less_than_it_should_is_red_and_one_that_cannot_run_is_not_applicable() {
    let repository = Repository::with(
        r#"
[[test]]
name = "tap"
dir = "tap"
shows = "tap"

[[test]]
name = "needs"
run = ["true"]
needs = ["module=no_such_module"]

[[expect]]
case = "tap/killed::known"
shows = "failed"

[[expect]]
case = "tap/passes::missing"
shows = "ok"
"#,
    );
    for (name, text) in [
        ("plan", "echo 1..3\necho ok 1 - a\n"),
        ("nothing", "exit 0\n"),
        ("skips", "echo '1..0 # SKIP no such call'\n"),
        ("passes", "echo 1..1\necho ok 1 - a\n"),
        (
            "killed",
            "echo 1..1\necho not ok 1 - known\nkill -SEGV $$\n",
        ),
    ] {
        repository.write(&format!("tap/{name}"), &format!("#!/bin/sh\n{text}"));
    }
    let (code, verdicts) = repository.verdicts(&[]);
    let expected = [
        "tap/killed: failed",
        "tap/killed::known: passed",
        "tap/nothing: broken",
        "tap/passes: passed",
        "tap/passes::a: passed",
        "tap/passes::missing: failed",
        "tap/plan: broken",
        "tap/plan::a: passed",
        "tap/skips: not_applicable",
        "needs: not_applicable",
    ];
    assert_eq!((code, &verdicts[..]), (1, &expected.map(str::to_owned)[..]));
    // The driver of its network is a module, which a kernel by name has, and a configuration.
    let networked = Repository::new(
        r#"
kernels = ["6.1"]

[[test]]
name = "network"
run = ["sh", "-c", "{ read -r head && read -r route; } < /proc/net/route"]
needs = ["network"]
network = true

[[test]]
name = "configured"
run = ["true"]
needs = ["config=CONFIG_OVERLAY_FS=m"]
"#,
    );
    let (code, verdicts) = networked.verdicts(&[]);
    let expected = ["network: passed", "configured: passed"];
    assert_eq!((code, &verdicts[..]), (0, &expected.map(str::to_owned)[..]));
}

#[test]
fn programs_of_one_name_and_expectations_of_no_test_are_refused() {
    let same =
        "\n[[test]]\nname = \"d/x\"\nrun = [\"./d/x\"]\n\n[[test]]\nname = \"d\"\ndir = \"d\"\n";
    let own = "\n[[test]]\nname = \"d\"\ndir = \"d\"\n";
    let expects = |case: &str| format!("{own}\n[[expect]]\ncase = \"{case}\"\nshows = \"ok\"\n");
    for (tests, words) in [
        (same.to_owned(), "two programs are the test \"d/x\""),
        (
            expects("d::a"),
            "something of d, and that is no test: write case = with one of: d/x",
        ),
        (
            expects("d/y"),
            "something of d/y, and that is no test: write case = with one of: d/x",
        ),
    ] {
        let repository = Repository::with(&tests);
        repository.write("d/x", "#!/bin/sh\nexit 0\n");
        let output = repository.test(&[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let repository = Repository::with(own);
    repository.write("d/x", "#!/bin/sh\nexit 0\n");
    let output = repository.test(&["--accept", "d/x::nope"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        text(&output.stderr).contains("no case d/x::nope was shown"),
        "{output:?}"
    );
}

#[test]
fn a_crates_tests_are_cases_and_one_that_ends_the_machine_does_not_end_the_others() {
    let repository = Repository::with("[[test]]\nname = \"crate\"\ncargo = \".\"\n");
    let manifest = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    repository.write("Cargo.toml", manifest);
    repository.write("src/lib.rs", "");
    let tests = "\
use std::fs;
#[test] fn a_reads() { assert!(fs::read_to_string(\"Cargo.toml\").unwrap().contains(\"own\")) }
#[test] fn b_panics() { println!(\"about\"); fs::write(\"/proc/sysrq-trigger\", \"c\").unwrap() }
#[test] fn c_fails() { println!(\"its own words\"); assert_eq!(1, 2) }
#[test] #[ignore] fn d_ignored() {}
";
    repository.write("tests/own.rs", tests);
    let (code, verdicts) = repository.verdicts(&["--test", "crate/own"]);
    let expected = [
        "crate/own: passed",
        "crate/own::a_reads: passed",
        "crate/own::b_panics: panicked",
        "crate/own::c_fails: failed",
        "crate/own::d_ignored: not_applicable",
    ];
    assert_eq!((code, &verdicts[..]), (1, &expected.map(str::to_owned)[..]));
    let output = repository.test(&["--test", "crate/own"]);
    assert!(
        text(&output.stdout).contains("    its own words\n"),
        "{output:?}"
    );
    let exits = "#[test] fn a_exits() { std::process::exit(0) }\n#[test] fn b_works() {}\n";
    repository.write("tests/exits.rs", exits);
    let (code, verdicts) = repository.verdicts(&["--test", "crate/exits"]);
    let expected = [
        "crate/exits: passed",
        "crate/exits::a_exits: failed",
        "crate/exits::b_works: passed",
    ];
    assert_eq!((code, &verdicts[..]), (1, &expected.map(str::to_owned)[..]));
}

/// A suite runs no documentation tests, and says so where there are some.
#[test]
fn documentation_tests_that_are_left_out_are_told() {
    let repository = Repository::with("[[test]]\nname = \"crate\"\ncargo = \".\"\n");
    let manifest = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    repository.write("Cargo.toml", manifest);
    let example = "/// ```\n/// assert_eq!(1, 1);\n/// ```\npub fn own() {}\n";
    let test = "#[test] fn works() {}\n";
    for (sources, told) in [
        (String::new(), None),
        (
            example.to_owned(),
            Some("crate: 1 documentation test is left out"),
        ),
        (
            format!("{example}{}", example.replace("own", "other")),
            Some("crate: 2 documentation tests are left out"),
        ),
    ] {
        repository.write("src/lib.rs", &format!("{sources}{test}"));
        let output = repository.test(&[]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let said = text(&output.stderr);
        let is_told = said.contains(told.unwrap_or("documentation"));
        assert_eq!(is_told, told.is_some(), "{said}");
    }
}

/// The variables, the directory and the files with which `cargo test` runs a test.
#[test]
fn a_crates_tests_have_what_cargo_gives_them() {
    let repository = Repository::with(
        "[[test]]\nname = \"crate\"\ncargo = \".\"\nenv = { CARGO_PKG_AUTHORS = \"mine\" }\n",
    );
    let manifest = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    repository.write("Cargo.toml", manifest);
    let build = "fn main() {\n    let dir = std::env::var(\"OUT_DIR\").unwrap();\n    \
                 std::fs::write(dir + \"/made\", \"made\").unwrap();\n    \
                 println!(\"cargo:rustc-env=OF_THE_BUILD=yes\");\n}\n";
    repository.write("build.rs", build);
    repository.write("src/main.rs", "fn main() { println!(\"own program\") }\n");
    repository.write("testdata/a", "data");
    let tests = "\
use std::{env, fs, process::Command};
#[test] fn variables() {
    for (name, value) in [(\"CARGO_PKG_NAME\", \"own\"), (\"CARGO_PKG_VERSION\", \"0.1.0\"),
        (\"CARGO_PKG_AUTHORS\", \"mine\"), (\"OF_THE_BUILD\", \"yes\")] {
        assert_eq!(env::var(name).as_deref(), Ok(value), \"{name}\");
    }
    assert_eq!(env::var(\"CARGO_MANIFEST_DIR\").unwrap(), env!(\"CARGO_MANIFEST_DIR\"));
    assert_eq!(env::current_dir().unwrap().to_str(), Some(env!(\"CARGO_MANIFEST_DIR\")));
}
#[test] fn files() {
    assert_eq!(fs::read_to_string(\"testdata/a\").unwrap(), \"data\");
    let made = env::var(\"OUT_DIR\").unwrap() + \"/made\";
    assert_eq!(fs::read_to_string(made).unwrap(), \"made\");
    fs::write(concat!(env!(\"CARGO_TARGET_TMPDIR\"), \"/x\"), \"x\").unwrap();
    let output = Command::new(env!(\"CARGO_BIN_EXE_own\")).output().unwrap();
    assert_eq!(output.stdout, b\"own program\\n\");
}
";
    repository.write("tests/own.rs", tests);
    let output = repository.test(&["--test", "crate/own"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

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

/// Each mistake is named with its place and with what to write instead.
#[test]
fn a_mistake_in_the_file_is_told_with_its_place_and_what_to_write() {
    let test = "[[test]]\nname = \"probe\"\nrun = [\"./probe\"]\n";
    let kernels = |words: &str| format!("kernels = {words}\n{test}");
    // The line is the fifth.
    let more = |line: &str| kernels("[\"6.1\"]") + line + "\n";
    let second = |lines: &str| more(&format!("[[test]]\n{lines}"));
    let expect = |lines: &str| more(&format!("[[expect]]\n{lines}"));
    for (strata, place, words) in [
        (
            String::new(),
            "",
            "write kernels = [\"5.10\", \"6.1\"] at the top",
        ),
        ("kernels = [\"6.1\"]".to_owned(), "", "write [[test]]"),
        (
            format!("{test}\nkernels = [\"6.1\"]\n"),
            "unknown field `kernels`",
            "write kernels = [\"5.10\", \"6.1\"] at the top",
        ),
        (
            kernels("\"6.1\""),
            "line 1, column 11",
            "write kernels = [\"5.10\", \"6.1\"]",
        ),
        (
            kernels("[\"6.1\", \"6.x\"]"),
            "line 1, column 19",
            "write a series (3.10)",
        ),
        (
            kernels("[\"9.99\"]"),
            "line 1, column 12",
            "the nearest are",
        ),
        (
            kernels("[\"newst\"]") + "[groups]\nnewest = [\"7.3\"]",
            "line 1, column 12",
            "did you mean \"newest\"?",
        ),
        (
            kernels("[\"lts\"]") + "[groups]\nlts = [\"6.1\", \"9.99\"]",
            "line 6, column 15",
            "the nearest are",
        ),
        (
            kernels("[\"a\"]") + "[groups]\na = [\"b\"]\nb = [\"a\"]",
            "line 6, column 5",
            "in a circle, a → b → a: name kernels in one of them, as a = [",
        ),
        (
            more("rum = 1"),
            "line 5, column 1",
            "unknown field `rum`, expected one of",
        ),
        (
            more("shows = \"fact\""),
            "line 5, column 9",
            "expected one of `exit`, `facts`",
        ),
        (
            more("network = 1"),
            "line 5, column 11",
            "write network = true",
        ),
        (
            more("ulimits = [\"files=1\"]"),
            "line 5, column 1",
            "\"files\" is no resource",
        ),
        (
            more("cgroup = \"v3\""),
            "line 5, column 1",
            "expected one of `v1`, `v2`, `hybrid`",
        ),
        (
            more("timeout = \"1m\""),
            "line 5, column 11",
            "write timeout = 60, in seconds",
        ),
        (
            more("timeout = 0"),
            "line 5, column 11",
            "write timeout = 60",
        ),
        (
            more("timeout = 9999999"),
            "line 5, column 11",
            "write timeout = 60",
        ),
        (more("dir = \"tests\""), "line 2, column 1", "takes one of"),
        (
            more(test),
            "line 6, column 8",
            "the tests 1 and 2 of the file: rename one",
        ),
        (more("user = -1"), "line 5, column 8", "write user = 1000"),
        (
            more("env = [\"A=B\"]"),
            "line 5, column 7",
            "write env = { NAME = \"value\" }",
        ),
        (
            second("name = \"a::b\"\nrun = [\"./a\"]"),
            "line 6, column 8",
            "a name is a word without `::`",
        ),
        (
            second("name = \"a\"\nrun = []"),
            "line 7, column 7",
            "write `run = [\"./program\"",
        ),
        (
            second("name = \"a\"\nrun = \"./a\""),
            "line 7, column 7",
            "write run = [",
        ),
        (
            second("name = \"a\"\ndir = \"nowhere\""),
            "line 7, column 7",
            "name one with programs",
        ),
        (
            second("name = \"a\"\ncargo = \"nowhere\""),
            "line 7, column 9",
            "name the directory of",
        ),
        (
            second("name = \"a\"\ngo = \"./...\"\nshows = \"libtest\""),
            "line 8, column 9",
            "write shows = \"go\"",
        ),
        (
            second("run = [\"./a\"]"),
            "line 5, column 1",
            "write name = \"probe\"",
        ),
        (
            expect("case = \"prob::a\"\nshows = \"ok\""),
            "line 6, column 8",
            "did you mean \"probe\"?",
        ),
        (
            expect("case = \"probe\"\nshows = \"ok\"\nkernels = \"six\""),
            "line 8, column 11",
            "write kernels = \"5.10..6.1\"",
        ),
        (
            expect("case = \"probe\"\nshows = \"ok\"\nkernels = [\"6.1\"]"),
            "line 8, column 11",
            "write kernels = \"5.10..6.1\"",
        ),
        (
            expect("case = \"probe\"\nshows = \"ok\"\nvendor = \"red hat\""),
            "line 8, column 10",
            "write vendor = \"el9\"",
        ),
        (
            expect("case = \"probe\"\nkernels = \"6.1\""),
            "line 5, column 1",
            "write shows = \"ok\"",
        ),
        (
            "kernels = [".to_owned(),
            "line 1, column 12",
            "unclosed array",
        ),
        (more("fresh = yes"), "line 5, column 9", ""),
    ] {
        let repository = Repository::new(&strata);
        let output = repository.test(&[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{strata}\n{said}");
        assert!(said.contains(place), "{place:?} of\n{strata}\n{said}");
        assert!(said.contains(words), "{words:?} for\n{strata}\n{said}");
    }
    for name in ["strata.toml", "strata.expected.toml"] {
        let repository = Repository::new(&more(""));
        repository.write("probe", "#!/bin/sh\n");
        fs::write(repository.path().join(name), b"# a\n# \xff\n").unwrap();
        let output = repository.test(&[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("line 2, column 3"), "{said}");
        assert!(said.contains("save the file as UTF-8"), "{said}");
    }
    let repository = Repository::new(&more(""));
    let said = |words: &[&str]| {
        let output = repository.test(words);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        text(&output.stderr).to_owned()
    };
    assert!(said(&[]).contains("line 2, cannot be run: build its program"));
    assert!(said(&["--test", "prob"]).contains("strata.toml has probe"));
    fs::remove_file(repository.path().join("strata.toml")).unwrap();
    assert!(said(&[]).contains("`strata init` writes one"));
}

#[test]
fn init_writes_a_file_that_runs() {
    let repository = Repository::new("");
    let file = repository.path().join("strata.toml");
    let init = || repository.strata(&["init"]).output().unwrap();
    let output = init();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("is there already"));
    fs::remove_file(&file).unwrap();
    assert_eq!(init().status.code(), Some(0));
    let written = repository.read("strata.toml");
    assert!(
        written.contains("# No tests were found here: ./probe holds the place"),
        "{written}"
    );
    let output = repository.test(&[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        text(&output.stderr).contains("or name another one as `run = ["),
        "{output:?}"
    );
    repository.write("probe", "#!/bin/sh\nexit 0\n");
    let kernel = any_image().unwrap();
    let kernel: &Path = &kernel;
    let (code, verdicts) = repository.verdicts(&["--kernel", kernel.to_str().unwrap()]);
    assert_eq!(
        (code, &verdicts[..]),
        (0, &["probe: passed".to_owned()][..])
    );
}

#[derive(Deserialize)]
struct Action {
    inputs: BTreeMap<String, BTreeMap<String, String>>,
    runs: ActionRuns,
}

#[derive(Deserialize)]
struct ActionRuns {
    steps: Vec<ActionStep>,
}

#[derive(Deserialize)]
struct ActionStep {
    run: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// With what GitHub would put in place of its expressions, and a cargo that has built
/// already.
#[test]
fn the_action_runs_the_tests_and_keeps_a_page() {
    let action = fs::read_to_string(harness::root().join("action.yml")).unwrap();
    let action: Action = yaml_serde::from_str(&action).unwrap();
    let tests = "[[test]]\nname = \"works\"\nrun = [\"sh\", \"-c\", \"exit 0\"]\n";
    let repository = Repository::with(tests);
    let temp = tempfile::tempdir().unwrap();
    let program = temp.path().join("strata/x86_64-unknown-linux-gnu/release");
    fs::create_dir_all(&program).unwrap();
    let built = xtask().get_program().to_owned();
    symlink(built, program.join("strata")).unwrap();
    repository.write(
        "bin/cargo",
        "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'build --package xtask --release' ]\n",
    );
    let path = format!(
        "{}:{}",
        repository.path().join("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let resolved = |value: &str| {
        let mut value = value
            .replace(
                "${{ github.action_path }}",
                harness::root().to_str().unwrap(),
            )
            .replace("${{ runner.temp }}", temp.path().to_str().unwrap());
        for (name, input) in &action.inputs {
            value = value.replace(&format!("${{{{ inputs.{name} }}}}"), &input["default"]);
        }
        assert!(!value.contains("${{"), "{value}");
        value
    };
    let mut said = String::new();
    for step in &action.runs.steps {
        let Some(script) = &step.run else { continue };
        let mut command = repository.strata(&[]);
        command = {
            let mut bash = Command::new("bash");
            bash.args(["-e", "-c", script])
                .current_dir(repository.path());
            for (name, value) in command.get_envs() {
                match value {
                    Some(value) => bash.env(name, value),
                    None => bash.env_remove(name),
                };
            }
            bash
        };
        command.env("PATH", &path);
        command.envs(step.env.iter().map(|(name, value)| (name, resolved(value))));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{script}\n{output:?}");
        said.push_str(text(&output.stdout));
    }
    assert!(said.contains("works"), "{said}");
    let page = fs::read_to_string(temp.path().join("strata-page/index.html")).unwrap();
    assert!(page.contains("works"));
}

/// `UPDATE=1` writes the file.
#[test]
fn the_schema_is_that_of_the_types() {
    let path = harness::root().join("docs/strata.schema.json");
    let schema = harness::suite_schema();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), schema);
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let fits = |toml: &str| {
        let value: Value = toml::from_str(toml).unwrap();
        schema.is_valid(&value)
    };
    assert!(fits(
        "kernels = ['6.1']\n[[test]]\nname = 'a'\nrun = ['./a']\nshows = 'tap'"
    ));
    assert!(!fits("[[test]]\nname = 'a'\nshows = 'tape'"));
    assert!(!fits("kernel = ['6.1']"));
}
