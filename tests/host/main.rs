//! A host that misbehaves: each fault is real, and must be reported as what it is.

mod disk;
mod interrupts;
mod isolation;
mod kvm;
mod load;
mod qemu;
mod saved;
mod side_by_side;
mod trust;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};

use harness::{Bootable, Launch, Machines, Qemu, RunDir};
use images::{Catalogue, Kernel, Silent, Store};
use strata_tests::{PrintEvents, any_image, executable, qemu_in, run_tests, tests, xtask};
use tempfile::{TempDir, tempdir};
use test_archive::why_no_mounts;

/// Tests that need namespaces are ignored, with the reason, where none can be made.
fn main() -> ExitCode {
    let anywhere = tests![
        interrupts::a_killed_harness_leaves_nothing_behind,
        interrupts::a_native_run_leaves_no_zombie,
        interrupts::a_signal_ends_a_run_with_its_exit_code,
        interrupts::an_interrupted_stress_run_prints_what_it_counted,
        interrupts::processes_of_a_qemu_wrapper_end_with_the_run,
        interrupts::an_interrupted_run_has_reported_finished_kernels,
        isolation::a_program_in_a_guest_finds_no_way_out,
        isolation::qemu_is_in_its_sandbox,
        kvm::a_hanging_kvm_is_detected_within_its_deadline,
        load::a_guest_on_a_busy_host_is_not_taken_for_hung,
        load::a_hung_guest_is_detected_on_a_busy_host,
        qemu::a_missing_qemu_is_reported,
        qemu::a_missing_qemu_is_replaced_by_stratas_own,
        qemu::an_old_qemu_is_reported_with_what_to_do,
        qemu::a_qemu_that_does_not_run_is_reported_with_what_to_do,
        qemu::the_error_of_a_qemu_that_refuses_is_quoted,
        qemu::a_qemu_that_exits_at_once_is_not_the_kernels_fault,
        qemu::a_stress_run_in_which_nothing_boots_ends,
        qemu::a_qemu_that_cannot_be_executed_is_an_error_of_the_harness,
        qemu::a_killed_qemu_is_not_the_kernels_fault,
        qemu::scenarios_after_a_killed_qemu_run_in_a_fresh_boot,
        qemu::the_next_run_repeats_a_failed_sandbox_probe,
        qemu::a_silent_boot_prints_progress,
        qemu::a_red_cell_stands_when_a_later_boot_fails,
        qemu::a_panic_for_want_of_a_timer_is_retried_and_counted,
        saved::a_qemu_that_does_not_restore_boots,
        saved::scenarios_show_the_same_on_a_restored_machine,
        saved::scenarios_show_the_same_on_every_restored_machine,
        side_by_side::two_then_eight_concurrent_runs_pass,
        trust::a_replayed_console_is_not_believed,
        trust::a_guest_on_another_kernel_is_not_believed,
    ];
    let in_namespaces = tests![
        disk::a_full_target_directory_is_reported,
        disk::machines_that_stay_need_room,
        disk::a_read_only_cache_serves_what_it_has,
        interrupts::an_ended_native_run_leaves_no_process,
    ];
    run_tests([(anywhere, None), (in_namespaces, why_no_mounts())])
}

/// A scenario that is quick.
const SCENARIO: &str = "unshare_newpid_multithreaded";

/// `cargo xtask test-kernels KERNEL… --scenario …`.
fn test_kernels(kernels: &[&Path]) -> Command {
    let mut command = xtask();
    command.arg("test-kernels").args(kernels);
    command.args(["--accel", "tcg", "--scenario", SCENARIO]);
    command.stdin(Stdio::null());
    command
}

/// A QEMU that answers probes as the true one does, and boots with this script. In it,
/// `$qemu` is the true QEMU and `$here` a temporary directory.
struct Fake(TempDir);

impl Fake {
    fn new(script: &str) -> Self {
        Self::of_version("exec $qemu -version", script)
    }

    /// In the first boot, QEMU is killed when it has written this much to the console,
    /// and `then` runs; `later` is the script of every other boot.
    fn killed_after(bytes: usize, then: &str, later: &str) -> Self {
        // QEMU makes its stdin nonblocking. The harness gives stdin and stdout as one
        // file, so QEMU gets another, or dd could not write.
        Self::new(&format!(
            "if mkdir $here/begun 2>/dev/null; then\n\
             exec 3<&0; mkfifo $here/console $here/input\n\
             cat <&3 > $here/input & cat=$!\n\
             $qemu \"$@\" < $here/input > $here/console &\n\
             dd bs=1 count={bytes} status=none < $here/console; kill -9 $! $cat\n\
             {then}\nfi\n{later}"
        ))
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

    /// Makes a command use it, as the first in `PATH`.
    fn before(&self, command: &mut Command) {
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.0.path().display()));
        command.env("STRATA_QEMU", "host");
    }
}

/// The QEMU that the tests use: the host's or Strata's.
fn true_qemu() -> Qemu {
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let machines = Machines::new(store, RunDir::anonymous()).unwrap();
    machines.qemu(&PrintEvents).unwrap()
}

/// A kernel in the cache, and a machine for it.
fn bootable(qemu: Option<&Fake>) -> Bootable {
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let mut machines = Machines::new(store, RunDir::anonymous()).unwrap();
    machines.accelerator = "tcg".parse().unwrap();
    let kernel = Kernel::File(any_image().unwrap());
    let Ok(mut bootable) = machines.machine(&kernel, &Silent) else {
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

/// Waits until something is true, at most this long.
#[track_caller]
fn wait_until(patience: Duration, what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < patience, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
