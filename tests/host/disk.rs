//! A target directory on a full disk, and a read-only cache. `images/tests/disk.rs`
//! tests a cache on a full disk.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use images::{Catalogue, Store};
use strata_tests::{any_image, xtask};
use tempfile::tempdir;
use test_archive::unshare_options;

use super::{assert_says, stderr, stdout, test_kernels};

/// Runs a command after `mount`, in a mount namespace of both. This needs no root.
fn after(mount: &str, on: &Path, command: &Command) -> Output {
    let script = format!("on=$1; shift; {mount} && exec \"$@\"");
    Command::new("unshare")
        .args([unshare_options(), "sh", "-e", "-c", &script, "sh"])
        .arg(on)
        .arg(command.get_program())
        .args(command.get_args())
        .output()
        .unwrap()
}

pub(crate) fn a_full_target_directory_is_reported() {
    let runs = harness::target().join("strata");
    // The new file system hides all other runs, and has 1 page or 16. Events and console
    // take one page each; memos for the next run may fail to be written.
    let codes = [1, 16].map(|pages| {
        let mount = format!("mount -t tmpfs -o size={} none $on", pages * 4096);
        let output = after(&mount, &runs, &test_kernels(&[&any_image().unwrap()]));
        let (said, shown) = (stderr(&output), stdout(&output));
        if output.status.code() == Some(3) {
            assert_says(&format!("{said}{shown}"), &["No space left on device"]);
            assert!(!shown.contains("pass"), "{shown}");
        }
        output.status.code()
    });
    assert_eq!(codes, [Some(3), Some(0)]);
}

/// No more than the directories of its name fit.
pub(crate) fn machines_that_stay_need_room() {
    let place = tempdir().unwrap();
    let mut up = xtask();
    up.args(["up", "--name", "own"]).arg(any_image().unwrap());
    let on = place.path().join("runs");
    fs::create_dir(&on).unwrap();
    let runs = format!("STRATA_RUNS={}", on.display());
    let mut command = Command::new("env");
    command.arg(runs).arg(up.get_program()).args(up.get_args());
    let fill = "mount -t tmpfs -o size=4096 none $on && echo full > $on/full";
    let begun = Instant::now();
    let output = after(fill, &on, &command);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_says(
        &stderr(&output),
        &[
            "where machines that stay are kept",
            "No space left on device",
        ],
    );
    // Nothing has booted, be it to see whether KVM answers.
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
}

pub(crate) fn a_read_only_cache_serves_what_it_has() {
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let read_only = "mount --bind $on $on && mount -o remount,bind,ro $on";
    // This fetches the kernel, if no other test has.
    any_image().unwrap();
    let kernel = test_kernels(&["6.1".as_ref()]);
    let output = after(read_only, store.cache_dir(), &kernel);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_says(&stdout(&output), &["pass"]);

    let mut absent = test_kernels(&["3.2".as_ref()]);
    absent.arg("--locked");
    let output = after(read_only, store.cache_dir(), &absent);
    assert_eq!(output.status.code(), Some(3));
    let words = ["cannot write", "Read-only file system"];
    assert_says(&stdout(&output), &words);
}
