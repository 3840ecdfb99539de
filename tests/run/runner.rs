//! `strata runner`, as cargo and others start it.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use strata_tests::{any_image, xtask};
use tempfile::tempdir;

use super::{assert_status, text};

/// Ends the machines that a runner has brought up, with these runs.
fn end_machines(runs: &Path) {
    let places: Vec<_> = fs::read_dir(runs.join("up")).unwrap().flatten().collect();
    let [place] = &places[..] else {
        panic!("{places:?}");
    };
    let mut down = xtask();
    down.arg("down").arg(place.file_name());
    assert_status(&down.env("STRATA_RUNS", runs).output().unwrap(), 0);
}

/// A test's directory, arguments, environment and status are as on the host.
#[test]
fn a_runner_runs_a_test_as_this_host_would() {
    let (dir, runs) = (tempdir().unwrap(), tempdir().unwrap());
    fs::create_dir_all(dir.path().join("testdata")).unwrap();
    fs::write(dir.path().join("testdata/file"), "data\n").unwrap();
    for cache in ["target", ".git"] {
        fs::create_dir(dir.path().join(cache)).unwrap();
        fs::write(dir.path().join(cache).join("large"), "large").unwrap();
    }
    fs::write(dir.path().join("target/CACHEDIR.TAG"), "").unwrap();
    let script = dir.path().join("target/test");
    let content = "#!/bin/sh\nread -r line < testdata/file\necho \"$line $1 $OWN\"\npwd\n\
                   echo new > new\nread -r line < new && echo \"$line\"\n\
                   [ -e target/large ] || [ -e .git/large ] || exit 7\n";
    fs::write(&script, content).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let run = || {
        let mut command = xtask();
        command.arg("runner").arg(any_image().unwrap()).arg(&script);
        command.arg("--argument").current_dir(dir.path());
        command.env("OWN", "value").env("STRATA_RUNS", runs.path());
        command.output().unwrap()
    };
    for _ in 0..3 {
        let output = run();
        assert_status(&output, 7);
        let here = dir.path().canonicalize().unwrap();
        let expected = format!("data --argument value\n{}\nnew\n", here.display());
        assert_eq!(text(&output.stdout), expected);
    }
    assert!(!dir.path().join("new").exists());
    end_machines(runs.path());
}

/// Those of the edition 2024 are one program, and those of older ones one each.
#[test]
fn a_runner_runs_documentation_tests() {
    let runs = tempdir().unwrap();
    for edition in ["2021", "2024"] {
        let dir = tempdir().unwrap();
        let manifest =
            format!("[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\n");
        fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        let sources = "/// ```\n/// assert!(std::path::Path::new(\"Cargo.toml\").exists());\n\
                       /// std::fs::write(\"written\", \"\").unwrap();\n/// ```\n///\n\
                       /// ```should_panic\n/// panic!()\n/// ```\npub fn own() {}\n";
        fs::write(dir.path().join("src/lib.rs"), sources).unwrap();
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let arch = env::consts::ARCH.to_uppercase();
        let strata = xtask().get_program().to_owned();
        let image = any_image().unwrap();
        let runner = format!(
            "{} runner {}",
            Path::new(&strata).display(),
            image.display()
        );
        cargo.args(["test", "--doc", "--target-dir", "target"]);
        cargo
            .current_dir(dir.path())
            .env("STRATA_RUNS", runs.path());
        cargo.env(
            format!("CARGO_TARGET_{arch}_UNKNOWN_LINUX_GNU_RUNNER"),
            runner,
        );
        let output = cargo.output().unwrap();
        assert_status(&output, 0);
        let said = text(&output.stdout);
        assert!(said.contains("test result: ok. 2 passed"), "{said}");
        // What a test writes stays in the guest.
        assert!(!dir.path().join("written").exists());
    }
    end_machines(runs.path());
}
