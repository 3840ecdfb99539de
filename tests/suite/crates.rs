//! The tests of a crate.

use strata_tests::Repository;

use super::text;

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
