//! A guest that tries to reach its host.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use strata_tests::{any_image, cc, processes_in, xtask};
use tempfile::tempdir;

use super::{assert_says, stderr, stdout, true_qemu, wait_until};

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

/// Seccomp and no_new_privs are on while a guest runs.
pub(crate) fn qemu_is_in_its_sandbox() {
    let qemu = true_qemu();
    assert_eq!(qemu.no_sandbox, None, "{qemu} has no sandbox");
    let place = tempdir().unwrap();
    let mut command = xtask();
    command.args(["run", "--accel", "tcg", "--kernel"]);
    command
        .arg(any_image().unwrap())
        .args(["--", "sleep", "1000"]);
    command.env("TMPDIR", place.path()).stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    let status = || {
        let status = |process| fs::read_to_string(format!("/proc/{process}/status"));
        let statuses = processes_in(place.path()).into_iter().flat_map(status);
        // Strata's own QEMU runs under the name of its loader.
        let is_qemu = |status: &String| {
            ["Name:\tqemu", "Name:\tld-linux"]
                .iter()
                .any(|name| status.starts_with(name))
        };
        let mut qemus = statuses.filter(is_qemu);
        qemus.next().unwrap_or_default()
    };
    wait_until(Duration::from_secs(60), "QEMU in its sandbox", || {
        status().contains("Seccomp:\t2")
    });
    assert_says(&status(), &["NoNewPrivs:\t1"]);
    child.kill().unwrap();
    child.wait().unwrap();
}
