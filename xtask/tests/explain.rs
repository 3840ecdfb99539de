//! What the table says, asked on the command line.

mod support;

use support::{SCENARIO, xtask};

#[test]
fn a_scenario_is_explained_range_by_range() {
    xtask(&["explain", SCENARIO]).exits(0).prints(&[
        "3.8 to 3.11: unshare=EINVAL child=outer",
        "3.12 and later: unshare=ok child=1",
        "commit 6e556ce209b0 (\"pidns: Don't have unshare(CLONE_NEWPID) imply CLONE_THREAD\")",
        "observed on ",
    ]);
}

#[test]
fn one_kernel_comes_first() {
    for (kernel, words) in [
        ("3.10", "on 3.10 (3.10.11)\n  3.8 to 3.11: unshare=EINVAL"),
        ("6.1.176", "\n  3.12 and later: unshare=ok child=1"),
        ("3.10.4", "on 3.10.4\n  3.8 to 3.11: unshare=EINVAL"),
    ] {
        let ran = xtask(&["explain", SCENARIO, "--kernel", kernel]).exits(0);
        let first = ran.stdout.split("\n\n").next().unwrap();
        assert!(first.contains(words), "{kernel}:\n{first}");
    }
}

#[test]
fn without_a_name_all_are_explained() {
    let names: Vec<&str> = guest::scenarios::ALL.iter().map(|s| s.name).collect();
    xtask(&["explain"]).exits(0).prints(&names);
}

#[test]
fn the_history_in_the_repository_is_current() {
    xtask(&["history", "--check"])
        .exits(0)
        .prints(&["docs/history.md"]);
}
