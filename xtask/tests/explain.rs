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

#[test]
fn what_people_know_finds_scenarios() {
    xtask(&["explain", "copy_file_range"]).exits(0).prints(&[
        "\n  4.5 and later: ",
        "\n  copy_file_range is mentioned by copy_file_range_across, ",
    ]);
    xtask(&["explain", "unshare"]).exits(0).prints(&[
        " scenarios mention unshare\n\nunshare\n",
        "  setns_pid_then_unshare: ",
    ]);
    // The only one that mentions it is explained whole.
    xtask(&["explain", "6e556ce209b0", "/proc/self/auxv"])
        .exits(0)
        .prints(&["\nget_auxv\n", "observed on "]);
    let errno = xtask(&["explain", "EXDEV", "--kernel", "6.1.176"]).exits(0);
    assert!(errno.stdout.contains("copied=EXDEV"), "{}", errno.stdout);
    assert!(errno.stdout.contains("6.1.176"), "{}", errno.stdout);
    xtask(&["explain", "EXDEB"]).exits(2).complains(&["EXDEV"]);
}

#[test]
fn a_floor_that_moves_is_told_by_family() {
    let between = &["explain", "--between", "5.10", "6.1"];
    xtask(between).exits(0).prints(&[
        "What changes from 5.10 to 6.1: ",
        "\nfiles\n",
        "    since 5.11: ",
        "      commit ",
    ]);
    xtask(&["explain", "--between", "6.1", "5.10"])
        .exits(2)
        .complains(&["5.10 is not later than 6.1"]);
    let one = [&between[..], &["futex_waitv"]].concat();
    xtask(&one)
        .exits(0)
        .prints(&["1 of 1 scenarios", "changed: ENOSYS → EAGAIN"]);
}

#[test]
fn programs_read_json() {
    let json = |words: &[&str]| -> serde_json::Value {
        let words = [&["explain", "--format", "json"], words].concat();
        serde_json::from_str(&xtask(&words).exits(0).stdout).unwrap()
    };
    let all = json(&[]);
    assert_eq!(all.as_array().unwrap().len(), guest::scenarios::ALL.len());
    let one = &json(&[SCENARIO, "--kernel", "3.10.4"])[0];
    assert_eq!(one["family"], "unshare");
    assert_eq!(one["kernels"][0]["since"], "3.8");
    let claim = one["claims"].as_array().unwrap().last().unwrap();
    assert_eq!(claim["versions"], "3.12 and later");
    assert_eq!(claim["commit"]["id"], "6e556ce209b0");
    let between = json(&["--between", "5.10", "6.1", "futex_waitv"]);
    assert_eq!(between["changes"][0]["facts"][0]["after"], "EAGAIN");
}
