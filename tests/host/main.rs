//! A host that misbehaves: each fault is made for real, and told for what it is.

mod disk;
mod interrupts;
mod isolation;
mod kvm;
mod load;
mod qemu;
mod side_by_side;
mod trust;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};

use harness::{Bench, Bootable, Launch, Qemu, RunDir};
use images::{Catalogue, Kernel, Silent, Store};
use strata_tests::{Captured, any_image, executable, qemu_in, run_tests, tests, xtask};
use tempfile::{TempDir, tempdir};
use test_archive::why_no_mounts;

/// What takes namespaces is ignored, with the reason, where none can be made.
fn main() -> ExitCode {
    let anywhere = tests![
        interrupts::nothing_is_left_of_a_harness_that_is_killed_at_any_moment,
        interrupts::a_native_run_leaves_no_zombie,
        interrupts::a_signal_is_the_end_in_good_order,
        interrupts::an_interrupted_stress_run_prints_what_it_counted,
        interrupts::what_a_wrapper_of_qemu_has_started_is_gone_with_the_run,
        interrupts::an_interrupted_test_has_told_what_was_done,
        isolation::a_program_in_a_guest_finds_no_way_out,
        isolation::qemu_is_in_its_sandbox,
        kvm::a_kvm_that_hangs_is_found_out_within_its_deadline,
        load::a_busy_host_is_no_hung_guest,
        load::a_hung_guest_is_found_out_on_a_busy_host,
        qemu::one_that_is_missing_is_named_with_what_it_takes,
        qemu::one_that_is_missing_is_replaced_by_strata_s_own,
        qemu::one_that_is_too_old_is_named_with_what_it_takes,
        qemu::one_that_does_not_run_is_to_be_installed_again,
        qemu::one_that_refuses_is_quoted,
        qemu::one_that_exits_at_once_is_no_fault_of_the_kernel,
        qemu::a_stress_run_in_which_nothing_boots_has_an_end,
        qemu::one_that_cannot_be_executed_is_an_error_of_the_harness,
        qemu::one_that_was_killed_is_no_fault_of_the_kernel,
        qemu::what_was_to_come_after_a_killed_qemu_is_run,
        qemu::a_sandbox_that_fails_once_is_missed_once,
        qemu::a_kernel_that_says_nothing_is_told_of,
        qemu::a_red_is_not_thrown_away_when_a_later_boot_fails,
        qemu::the_one_panic_that_is_the_host_s_is_booted_anew_and_counted,
        side_by_side::two_and_then_eight_runs_at_once_all_pass,
        trust::a_console_that_is_replayed_passes_for_nothing,
        trust::a_guest_on_another_kernel_passes_for_nothing,
    ];
    let in_namespaces = tests![
        disk::a_full_target_directory_is_no_pass_and_says_so,
        disk::a_cache_that_may_only_be_read_is_enough_for_what_it_holds,
        interrupts::nothing_is_left_of_a_native_run_that_is_ended,
    ];
    run_tests([(anywhere, None), (in_namespaces, why_no_mounts())])
}

/// A scenario that takes no time.
const SCENARIO: &str = "unshare_newpid_multithreaded";

/// `cargo xtask test-kernels KERNEL --scenario …`, on a kernel at hand.
fn test_kernels(kernels: &[&Path]) -> Command {
    let mut command = xtask();
    command.arg("test-kernels").args(kernels);
    command.args(["--accel", "tcg", "--scenario", SCENARIO]);
    command.stdin(Stdio::null());
    command
}

/// A QEMU that says of itself what the true one says, and runs as this script:
/// `$qemu` is the true one, `$here` a directory of its own.
struct Fake(TempDir);

impl Fake {
    fn new(script: &str) -> Self {
        Self::of_version("exec $qemu -version", script)
    }

    fn of_version(version: &str, script: &str) -> Self {
        let dir = tempdir().unwrap();
        let qemu = dir.path().join("qemu-system-x86_64");
        let here = dir.path().display();
        qemu_in(dir.path()).unwrap();
        let text = format!(
            "#!/bin/sh\nhere={here}\nqemu=$here/true-qemu\ncase \"$*\" in\n\
             *-version*) {version};;\n*'-machine none'*) exec $qemu \"$@\";;\nesac\n{script}\n",
        );
        executable(&qemu, &text).unwrap();
        Self(dir)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("qemu-system-x86_64")
    }

    /// Makes it the first in the PATH of a command, which takes that one.
    fn before(&self, command: &mut Command) {
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.0.path().display()));
        command.env("STRATA_QEMU", "host");
    }
}

/// The QEMU that the tests use: this host's, or Strata's own.
fn true_qemu() -> Qemu {
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let bench = Bench::new(store, RunDir::nameless()).unwrap();
    bench.qemu(&Captured).unwrap()
}

/// A kernel at hand and a machine for it.
fn bootable(qemu: Option<&Fake>) -> Bootable {
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let mut bench = Bench::new(store, RunDir::nameless()).unwrap();
    bench.wish = "tcg".parse().unwrap();
    let kernel = Kernel::File(any_image().unwrap());
    let Ok(mut bootable) = bench.machine(&kernel, &Silent) else {
        panic!("the kernel is at hand")
    };
    if let Some(qemu) = qemu {
        bootable.machine.qemu = Launch::of_host(qemu.path());
    }
    bootable
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "{words:?} is missing in:\n{text}");
    }
}

/// Waits until something is so, at most this long.
#[track_caller]
fn wait_until(patience: Duration, what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < patience, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
