//! A target directory on a full disk, and a cache that may only be read. What a
//! full disk does to the cache is tested with an archive (`images/tests/disk.rs`).

use std::path::Path;
use std::process::{Command, Output};

use images::{Catalogue, Store};
use strata_tests::any_image;
use test_archive::unshare_options;

use super::{assert_says, stderr, stdout, test_kernels};

/// Runs a command after a shell has mounted something where only the command
/// sees it, which takes no root.
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

pub(crate) fn a_full_target_directory_is_no_pass_and_says_so() {
    let runs = harness::target().join("strata");
    // In this many pages, with all other runs out of sight. The events take one, and
    // the console another; what is remembered for the next run may find no room.
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

pub(crate) fn a_cache_that_may_only_be_read_is_enough_for_what_it_holds() {
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let read_only = "mount --bind $on $on && mount -o remount,bind,ro $on";
    // It is there since the other tests have it.
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
