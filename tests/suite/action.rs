//! The action's steps, as its workflow runs them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde::Deserialize;
use strata_tests::{Repository, xtask};

use super::text;

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
