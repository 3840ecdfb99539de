//! Requests that make no sense: exit code 2, and what to say instead.

mod support;

use std::fs;
use std::process::Command;

use support::{SCENARIO, run, xtask, xtask_command};

#[test]
fn an_unknown_scenario_brings_the_nearest_names() {
    let wrong = "unshare_newpid_multithread";
    for words in [
        &["explain", wrong][..],
        &["bisect", wrong],
        &["test-kernels", "native", "--scenario", wrong],
    ] {
        xtask(words).exits(2).complains(&[wrong, SCENARIO]);
    }
}

#[test]
fn an_unknown_kernel_brings_the_nearest_names() {
    for words in [
        &["test-kernels", "5.11"][..],
        &["kernels", "fetch", "5.11"],
        &["bisect", SCENARIO, "--good", "5.11", "--bad", "6.1"],
        &["bisect", SCENARIO, "--kernel", "5.11"],
    ] {
        xtask(words).exits(2).complains(&["5.11", "5.10", "5.13"]);
    }
    xtask(&["explain", SCENARIO, "--kernel", "99.1"])
        .exits(2)
        .complains(&["99.1", "nearest"]);
}

#[test]
fn what_is_no_name_of_a_kernel_is_told_how_to_write_one() {
    for words in [
        &["test-kernels", "nativ"][..],
        &["explain", SCENARIO, "--kernel", "newest"],
        &["kernels", "fetch", "vanilla"],
    ] {
        xtask(words).exits(2).complains(&["3.8..3.13"]);
    }
}

#[test]
fn a_file_that_is_no_kernel_is_not_booted() {
    let dir = tempfile::tempdir().unwrap();
    let notes = dir.path().join("notes.txt");
    fs::write(&notes, "no kernel").unwrap();
    let notes = notes.to_str().unwrap();
    for words in [
        &["test-kernels", notes][..],
        &["explain", SCENARIO, "--kernel", notes],
        &["bisect", SCENARIO, "--kernel", notes],
    ] {
        xtask(words).exits(2).complains(&["notes.txt", "bzImage"]);
    }
    let missing = dir.path().join("vmlinuz");
    xtask(&["test-kernels", missing.to_str().unwrap()])
        .exits(2)
        .complains(&["cannot read"]);
}

#[test]
fn an_end_of_a_range_is_one_kernel() {
    xtask(&["bisect", SCENARIO, "--good", "3", "--bad", "4.0"])
        .exits(2)
        .complains(&["3 is ", "name one of them"]);
    xtask(&["bisect", SCENARIO, "--good", "3.8", "--bad", "3.8"])
        .exits(2)
        .complains(&["--good"]);
}

#[test]
fn every_command_has_examples() {
    for words in [
        &["test-kernels"][..],
        &["test"],
        &["run"],
        &["shell"],
        &["bisect"],
        &["explain"],
        &["history"],
        &["observed"],
        &["kernels"],
        &["kernels", "list"],
        &["kernels", "fetch"],
        &["kernels", "verify"],
        &["kernels", "prune"],
        &["completions"],
        &["man"],
        &["doctor"],
        &["report"],
        &["check"],
        &["bench"],
        &["stress"],
    ] {
        let words = [words, &["--help"]].concat();
        xtask(&words).exits(0).prints(&["Examples:\n  "]);
    }
}

/// A stdout that is closed loses the events, so nothing is run.
#[test]
fn a_stdout_that_is_closed_is_refused() {
    for format in ["human", "json", "ktap", "github"] {
        let words = [
            "test-kernels",
            "native",
            "--scenario",
            SCENARIO,
            "--format",
            format,
        ];
        run(Command::new("sh")
            .args(["-c", "exec \"$@\" >&-", "sh"])
            .arg(xtask_command().get_program())
            .args(words))
        .exits(3)
        .complains(&["stdout is closed", ">/dev/null"]);
    }
}

#[test]
fn shells_can_complete() {
    for shell in ["bash", "zsh", "fish"] {
        xtask(&["completions", shell])
            .exits(0)
            .prints(&["xtask", "test-kernels", "bisect"]);
    }
    xtask(&["completions", "cmd"]).exits(2).complains(&["bash"]);
}
