//! Requests that make no sense: exit code 2, and what to say instead.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
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
fn two_ends_that_are_one_kernel_are_told_so() {
    xtask(&["bisect", SCENARIO, "--good", "3.8", "--bad", "3.8"])
        .exits(2)
        .complains(&["the same kernel", "--good 3.8 --bad 3.13"]);
}

#[test]
fn a_value_that_makes_no_sense_is_told_what_to_write() {
    for (words, hint) in [
        (&["--timeout", "0"][..], "10m"),
        (&["--timeout", "-1"], "10m"),
        (&["--timeout", "soon"], "10m"),
        (&["--memory", "0"], "88 is the least"),
        (&["--memory", "16"], "88 is the least"),
        (&["--publish", "80", "--publish", "80:81"], "twice"),
        (&["--kernel", "5.10", "--publish", "8080:80"], "one kernel"),
        (&["--cpus", "0"], "1 at least"),
        (&["--user", "no-such-user"], "id -u"),
        (&["--file", "/nowhere"], "that is there"),
    ] {
        let words = [&["run", "--kernel", "6.1"], words, &["--", "true"]].concat();
        xtask(&words).exits(125).complains(&[hint]);
    }
    xtask(&["down", "no-such-name"])
        .exits(2)
        .complains(&["no-such-name is not up", "up KERNEL"]);
    xtask(&["shell", "6.1"])
        .exits(125)
        .complains(&["--kernel 6.1"]);
    run(xtask_command()
        .args(["doctor"])
        .env("STRATA_MIRROR", "://x"))
    .exits(3)
    .complains(&["STRATA_MIRROR", "http://"]);
}

/// To open a FIFO waits until something writes to it, and a device may have no end.
#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    for path in [fifo.to_str().unwrap(), "/dev/zero"] {
        let elsewhere = format!("{path}:/data");
        for (code, words) in [
            (2, &["test-kernels", path][..]),
            (2, &["explain", SCENARIO, "--kernel", path]),
            (3, &["report", path]),
            (125, &["run", "--kernel", path, "--", "true"]),
            (
                125,
                &["run", "--kernel", "6.1", "--file", &elsewhere, "--", "true"],
            ),
        ] {
            let mut command = Command::new("timeout");
            command.arg("60").arg(xtask_command().get_program());
            run(command.args(words))
                .exits(code)
                .complains(&[path, "no regular file: write what it gives to one"]);
        }
    }
}

#[test]
fn an_argument_that_is_not_utf_8_is_named() {
    let odd = std::os::unix::ffi::OsStrExt::from_bytes(b"./\xff");
    let odd: &std::ffi::OsStr = odd;
    run(xtask_command().arg("test-kernels").arg(odd))
        .exits(2)
        .complains(&[r#""./\xFF" is not UTF-8"#, "another name"]);
}

/// A limit that leaves too few descriptors even for an error in good order.
#[test]
fn a_limit_of_this_host_is_told_with_what_to_do() {
    let limited = |shell: &str, words: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{shell}; exec \"$@\""), "sh"]);
        run(command.arg(xtask_command().get_program()).args(words))
    };
    for number in 4..9 {
        let words = ["run", "--kernel", "6.1", "--", "true"];
        limited(&format!("ulimit -n {number}"), &words)
            .exits(125)
            .complains(&["raise `ulimit -n`"]);
    }
    limited("exec >/dev/full", &["kernels", "list"])
        .exits(3)
        .complains(&["make room there"]);
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

#[test]
fn a_program_and_a_kernel_of_two_architectures_do_not_meet() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    // The header of a program for arm64 (elf(5)), which is never started.
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(64, 0);
    (header[16], header[18], header[20]) = (2, 183, 1);
    (header[52], header[54], header[58]) = (64, 56, 64);
    fs::write(&program, header).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let program = program.to_str().unwrap();
    for (kernel, program, wrong) in [
        ("arm64/6.1", "/bin/true", "arm64/6.1 is a kernel of arm64"),
        ("amd64/6.1", program, "6.1 is a kernel of x86-64"),
    ] {
        for words in [
            &["run", "--kernel", kernel, "--", program][..],
            &["runner", kernel, program],
        ] {
            xtask(words).exits(126).complains(&[wrong]);
        }
    }
    xtask(&[
        "run",
        "--arch",
        "mips",
        "--kernel",
        "6.1",
        "--",
        "/bin/true",
    ])
    .exits(125)
    .complains(&["x86-64, arm64"]);
}
