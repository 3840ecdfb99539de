//! Scenarios show the same on a restored machine as on one that has just booted.

use std::collections::BTreeMap;
use std::path::Path;

use harness::cached_kernels;
use images::{Catalogue, Store};
use serde_json::Value;
use strata_tests::{any_image, xtask};
use tempfile::tempdir;

use super::{Fake, stderr, stdout};

/// What each scenario on each kernel was seen to do.
type Seen = BTreeMap<(String, String), Value>;

/// Runs all scenarios, and says what was seen.
fn seen(kernels: &[&Path], options: &[&str], runs: &Path) -> Seen {
    let mut command = xtask();
    command.arg("test-kernels").args(kernels).args(options);
    command.args(["--format", "json", "--accel", "tcg"]);
    let output = command.env("STRATA_RUNS", runs).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    let events = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let scenarios = events.filter(|event: &Value| event["event"] == "scenario");
    scenarios
        .map(|event| {
            let name = |field: &str| event[field].as_str().unwrap().to_owned();
            (
                (name("kernel"), name("scenario")),
                event["observed"].clone(),
            )
        })
        .collect()
}

fn assert_same(kernels: &[&Path], least: usize) {
    let runs = tempdir().unwrap();
    let fresh = seen(kernels, &[], runs.path());
    assert!(fresh.len() >= least, "{} cells", fresh.len());
    let states = || {
        runs.path()
            .join("machines")
            .read_dir()
            .map_or(0, Iterator::count)
    };
    assert_eq!(states(), 0);
    for saved in ["saved", "restored"] {
        let seen = seen(kernels, &["--saved"], runs.path());
        for (cell, fresh) in &fresh {
            assert_eq!(seen.get(cell), Some(fresh), "{cell:?}, {saved}");
        }
        assert_eq!(states(), kernels.len(), "{saved}");
    }
}

pub(crate) fn scenarios_show_the_same_on_a_restored_machine() {
    assert_same(&[&any_image().unwrap()], 95);
}

/// Of every kernel in the cache.
pub(crate) fn scenarios_show_the_same_on_every_restored_machine() {
    let catalogue = Catalogue::builtin();
    let store = Store::builder(&catalogue).build().unwrap();
    let kernels = cached_kernels(&catalogue, &store);
    let names: Vec<String> = kernels.iter().map(|kernel| kernel.name()).collect();
    let names: Vec<&Path> = names.iter().map(Path::new).collect();
    assert_same(&names, 95 * names.len());
}

/// QEMU refuses to restore, and boots all the same.
pub(crate) fn a_qemu_that_does_not_restore_boots() {
    let fake = Fake::new("case \"$*\" in *-incoming*) exit 1;; esac; exec $qemu \"$@\"");
    let runs = tempdir().unwrap();
    for _ in 0..2 {
        let mut command = xtask();
        command.args(["run", "--accel", "tcg", "--kernel"]);
        command
            .arg(any_image().unwrap())
            .args(["--", "sh", "-c", "exit 7"]);
        fake.before(&mut command);
        let output = command.env("STRATA_RUNS", runs.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    }
}
