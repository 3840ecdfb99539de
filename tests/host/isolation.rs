//! A guest that tries to reach its host.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use strata_tests::{any_image, cc, processes_in, xtask};
use tempfile::tempdir;

use super::{assert_says, stderr, stdout, true_qemu};

pub(crate) fn a_program_in_a_guest_finds_no_way_out() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("reach");
    cc("reach.c", &program, &["-static"]).unwrap();
    let mut command = xtask();
    command.args(["run", "--accel", "tcg", "--kernel"]);
    command.arg(any_image().unwrap()).arg("--").arg(&program);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let expected = "\
        interfaces: lo\n\
        connect 10.0.2.2: Network is unreachable\n\
        connect 10.0.2.3: Network is unreachable\n\
        virtio devices: none\n\
        disks: none\n\
        9p: refused\n\
        debug exit: still here\n";
    assert_eq!(stdout(&output), expected);
}

/// Seccomp and no_new_privs are on while a guest runs that is booted, saved, or restored.
pub(crate) fn qemu_is_in_its_sandbox() {
    let qemu = true_qemu();
    assert_eq!(qemu.no_sandbox, None, "{qemu} has no sandbox");
    let runs = tempdir().unwrap();
    for (options, restored) in [(&["--fresh"][..], false), (&[], false), (&[], true)] {
        assert_in_sandbox(options, runs.path(), restored);
    }
}

fn assert_in_sandbox(options: &[&str], runs: &Path, restored: bool) {
    let place = tempdir().unwrap();
    let mut command = xtask();
    command.args(["run", "--accel", "tcg", "--kernel"]);
    command.arg(any_image().unwrap()).args(options);
    command.args([
        "--file",
        "/bin/sleep",
        "--",
        "sh",
        "-c",
        "echo up; exec sleep 1000",
    ]);
    command.env("TMPDIR", place.path()).env("STRATA_RUNS", runs);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "up\n");
    let of = |process, name| fs::read_to_string(format!("/proc/{process}/{name}"));
    // Strata's own QEMU runs under the name of its loader.
    let is_qemu = |status: &str| {
        ["Name:\tqemu", "Name:\tld-linux"]
            .iter()
            .any(|name| status.starts_with(name))
    };
    let processes = processes_in(place.path()).into_iter();
    let mut statuses = processes.map(|process| (process, of(process, "status").unwrap()));
    let (qemu, status) = statuses.find(|(_, status)| is_qemu(status)).unwrap();
    assert_says(&status, &["NoNewPrivs:\t1", "Seccomp:\t2"]);
    let words = of(qemu, "cmdline").unwrap();
    assert_eq!(words.contains("-incoming"), restored, "{words}");
    child.kill().unwrap();
    child.wait().unwrap();
}
