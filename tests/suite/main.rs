//! `strata test` in somebody's own repository.

mod action;
mod crates;
mod go;
mod mistakes;
mod outcomes;
mod recorded;

use std::fs;
use std::path::Path;

use serde_json::Value;
use strata_tests::{Repository, any_image};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

const FACTS: &str = "\n[[test]]\nname = \"probe\"\nrun = [\"./probe.sh\"]\nshows = \"facts\"\n";

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
