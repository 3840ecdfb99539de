//! Programs that do to a kernel, or to themselves, what the faults of the guest do.

use std::time::{Duration, Instant};

use strata_tests::cc;
use tempfile::tempdir;

use super::{Run, assert_status, text};

/// The exit code, and words of stderr. Each runs on a machine of its own, which is
/// restored, and again on one that boots.
const FAULTS: [(&str, i32, &str); 13] = [
    ("panic", 125, "the kernel panicked: Kernel panic"),
    ("power-off", 125, "the machine ended before the program did"),
    ("reset", 125, "the machine ended before the program did"),
    ("halt", 125, "not done after 2 s"),
    ("hang", 125, "not done after 2 s"),
    ("real-time", 125, "not done after 2 s"),
    ("memory", 137, ""),
    ("illegal-instruction", 132, ""),
    // The kernel keeps these signals from PID 1 (pid_namespaces(7)).
    ("kill-everything", 7, ""),
    ("kill-init", 7, ""),
    ("stop-init", 7, ""),
    ("close-everything", 125, "not done after 2 s"),
    ("kernel-log", 7, ""),
];

#[test]
fn a_fault_of_a_program_is_told_as_one_of_a_scenario_is() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("faults");
    cc("faults.c", &program, &["-static"]).unwrap();
    let program = program.to_str().unwrap();
    for (fault, status, words) in FAULTS {
        for fresh in [&[][..], &["--fresh"]] {
            // What has its machine ended is seen once.
            if !fresh.is_empty() && status == 125 {
                continue;
            }
            // What ends by itself takes longer on a busy host.
            let timeout = if status == 125 { "2" } else { "60" };
            let run = Run::new(&["--timeout", timeout]).with(fresh);
            let output = run.with(&["--", program, fault]).output();
            assert_status(&output, status);
            let stderr = text(&output.stderr);
            assert!(stderr.contains(words), "{fault}: {stderr}");
            // A busy host also has how long the boot has taken so far.
            let mut told = stderr.lines().filter(|line| !line.contains(": booting, "));
            assert_eq!(told.next().is_none(), words.is_empty(), "{fault}: {stderr}");
            // What is written just before the machine ends may be lost with it.
            if status != 125 {
                assert_eq!(text(&output.stdout), "begun\n", "{fault}");
            }
        }
    }
}

/// It waits for a disk that never comes. The program's limit counts for the boot, too.
#[test]
fn a_boot_that_hangs_ends_by_the_time_limit() {
    let hangs = "rdinit=/none root=/dev/none rootwait";
    let run = Run::new(&[
        "--timeout",
        "1",
        "--accel",
        "tcg",
        "--append",
        hangs,
        "--",
        "true",
    ]);
    // To build the program takes time, too.
    let begun = Instant::now();
    let output = run.output();
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("waited too long for the guest to come up"),
        "{stderr}"
    );
    // Without the limit, the boot has two minutes.
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(100), "{took:?}");
}

/// Whatever comes of it, the run ends in time, and nothing is left.
#[test]
fn a_fork_bomb_ends() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("faults");
    cc("faults.c", &program, &["-static"]).unwrap();
    let run = Run::new(&[
        "--timeout",
        "2",
        "--",
        program.to_str().unwrap(),
        "fork-bomb",
    ]);
    let output = run.output();
    assert_ne!(output.status.code(), Some(0), "{output:?}");
}
