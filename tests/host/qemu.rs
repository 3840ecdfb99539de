//! QEMU is missing, too old, refuses, is killed, or causes a panic.

use std::fs;
use std::process::{Command, Output};

use harness::{Cell, Deadlines, Row, Verdict, examine};
use strata_tests::{PrintEvents, any_image};
use tempfile::tempdir;

use super::{Fake, assert_says, bootable, stderr, stdout, test_kernels};

fn run_with(fake: &Fake) -> Output {
    let mut command = test_kernels(&[&any_image().unwrap()]);
    fake.before(&mut command);
    command.output().unwrap()
}

/// `xtask run` of true(1), with these options.
fn run_true(options: &[&str]) -> Command {
    let mut command = strata_tests::xtask();
    command.args(["run", "--accel", "tcg", "--kernel"]);
    command.arg(any_image().unwrap()).args(options);
    command.args(["--", "true"]);
    command
}

pub(crate) fn a_missing_qemu_is_reported() {
    let nothing = tempdir().unwrap();
    let image = any_image().unwrap();
    let mut command = test_kernels(&[&image]);
    command
        .env("PATH", nothing.path())
        .env("STRATA_QEMU", "host");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_says(&stderr(&output), &["qemu-system-x86_64 is not in PATH"]);
}

/// The events say where the QEMU comes from.
pub(crate) fn a_missing_qemu_is_replaced_by_stratas_own() {
    let nothing = tempdir().unwrap();
    let mut command = test_kernels(&[&any_image().unwrap()]);
    command
        .env("PATH", nothing.path())
        .env("STRATA_QEMU", "auto");
    let output = command.args(["--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let words = [
        r#""event":"qemu","version":"7.2."#,
        r#""from":"Strata's own, from "#,
    ];
    assert_says(&stdout(&output), &words);
}

pub(crate) fn an_old_qemu_is_reported_with_what_to_do() {
    let fake = Fake::of_version(
        "echo 'QEMU emulator version 2.5.0 (Debian 1:2.5)'; exit 0",
        "echo 'qemu-system-x86_64: -accel: invalid option' >&2; exit 1",
    );
    let output = run_with(&fake);
    assert_eq!(output.status.code(), Some(3));
    let words = ["is QEMU 2.5.0", "takes 2.11 or newer", "--qemu own"];
    assert_says(&stderr(&output), &words);
}

pub(crate) fn a_qemu_that_does_not_run_is_reported_with_what_to_do() {
    let fake = Fake::of_version("echo 'libfoo.so.1: not found' >&2; exit 127", "exit 127");
    let output = run_with(&fake);
    assert_eq!(output.status.code(), Some(3));
    assert_says(&stderr(&output), &["does not run: install QEMU again"]);
}

pub(crate) fn the_error_of_a_qemu_that_refuses_is_quoted() {
    let fake = Fake::new("echo 'qemu: unsupported machine type' >&2; exit 1");
    let output = run_with(&fake);
    assert_eq!(output.status.code(), Some(3));
    let words = [
        "did not start (exit status: 1): qemu: unsupported machine type",
        "name another with --qemu",
    ];
    assert_says(&stderr(&output), &words);

    // The true QEMU refuses more memory than any machine has.
    let output = run_true(&["--memory", "300000000"]).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    let words = ["did not start", "allocate memory", "less with --memory"];
    assert_says(&stderr(&output), &words);
}

/// Not even if its exit status is 0. A kernel that resets the machine before it has a
/// console looks alike, and is at fault.
pub(crate) fn a_qemu_that_exits_at_once_is_not_the_kernels_fault() {
    let output = run_with(&Fake::new("exit 0"));
    let (said, shown) = (stderr(&output), stdout(&output));
    assert_eq!(output.status.code(), Some(3), "{said}\n{shown}");
    assert_says(
        &shown,
        &["QEMU FAILED", "QEMU ended at once, without a word"],
    );

    let dir = tempdir().unwrap();
    let resets = dir.path().join("resets");
    let mut image = fs::read(any_image().unwrap()).unwrap();
    // The kernel begins after the setup sectors (Documentation/arch/x86/boot.rst). An
    // invalid instruction without an interrupt table is a triple fault.
    let start = (usize::from(image[0x1f1]) + 1) * 512;
    image[start..start + 2].copy_from_slice(&[0x0f, 0x0b]);
    fs::write(&resets, image).unwrap();
    let output = test_kernels(&[&resets]).output().unwrap();
    let (said, shown) = (stderr(&output), stdout(&output));
    assert_eq!(output.status.code(), Some(1), "{said}\n{shown}");
    assert_says(&shown, &["ENDED EARLY"]);
}

pub(crate) fn a_stress_run_in_which_nothing_boots_ends() {
    let fake = Fake::new("exit 1");
    let mut command = strata_tests::xtask();
    command.args(["stress", "--boots", "2", "--load", "0", "--accel", "tcg"]);
    command.arg(any_image().unwrap());
    fake.before(&mut command);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_says(&stdout(&output), &["LOST: ", "did not start"]);
}

pub(crate) fn a_qemu_that_cannot_be_executed_is_an_error_of_the_harness() {
    let fake = Fake::new("exit 1");
    let text = fs::read_to_string(fake.path()).unwrap();
    let mut command = test_kernels(&[&any_image().unwrap()]);
    fake.before(&mut command);
    // The memo about this QEMU stays valid when it loses its interpreter.
    assert_eq!(command.output().unwrap().status.code(), Some(3));
    let before = fs::metadata(fake.path()).unwrap().modified().unwrap();
    fs::write(fake.path(), text.replace("#!/bin/sh", "#!/nowhere")).unwrap();
    let file = fs::File::options().write(true).open(fake.path()).unwrap();
    file.set_modified(before).unwrap();
    drop(file);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_says(&stderr(&output), &["starting ", "No such file"]);
}

pub(crate) fn a_killed_qemu_is_not_the_kernels_fault() {
    // Each boot of it is killed.
    let fake = Fake::new("(sleep 1; kill -9 $$) & exec $qemu \"$@\"");
    let output = run_with(&fake);
    let (said, shown) = (stderr(&output), stdout(&output));
    assert_eq!(output.status.code(), Some(3), "{said}\n{shown}");
    assert_says(&shown, &["QEMU FAILED", "QEMU was killed by signal 9"]);

    let mut command = run_true(&[]);
    fake.before(&mut command);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert_says(&stderr(&output), &["QEMU was killed by signal 9"]);
}

/// Only the scenario that was running is `QEMU FAILED`.
pub(crate) fn scenarios_after_a_killed_qemu_run_in_a_fresh_boot() {
    // It dies amid the first records of scenarios.
    let fake = Fake::killed_after(2000, "kill -9 $$", "exec $qemu \"$@\"");
    let bootable = bootable(Some(&fake));
    let scenarios = harness::scenarios_named(&[]).unwrap();
    let deadlines = Deadlines::of(bootable.machine.accelerator);
    let mut row = Row::new("6.1", "6.1");
    examine(&mut row, &bootable, &scenarios, deadlines, &PrintEvents);
    assert!(row.problem.is_none(), "{:?}", row.problem);
    assert_eq!(row.boots, 2);
    let failed = |cell: &&Cell| cell.verdict == Verdict::QemuFailed;
    assert_eq!(row.cells.iter().filter(failed).count(), 1);
    let passed = |cell: &&Cell| cell.verdict == Verdict::Passed;
    let passed = row.cells.iter().filter(passed).count();
    assert_eq!(passed, scenarios.len() - 1);
}

/// The first boot is real and ends in a panic; for a second, the host has no memory.
pub(crate) fn a_red_cell_stands_when_a_later_boot_fails() {
    let fake = Fake::killed_after(
        20_000,
        "printf '\\r\\n[    9.9] Kernel panic - not syncing: for a test\\r\\n'; exit 0",
        "echo \"qemu: cannot set up guest memory 'pc.ram': Cannot allocate memory\" >&2; exit 1",
    );
    let mut command = strata_tests::xtask();
    command.arg("test-kernels").arg(any_image().unwrap());
    command.args(["--accel", "tcg", "--format", "json"]);
    fake.before(&mut command);
    let output = command.output().unwrap();
    let (said, shown) = (stderr(&output), stdout(&output));
    let events: Vec<serde_json::Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let row = events.iter().find(|event| event["event"] == "kernel");
    let row = row.unwrap_or_else(|| panic!("no row in {shown}"));
    let cells = row["cells"].as_array().unwrap();
    let count = |verdict: &str| {
        cells
            .iter()
            .filter(|cell| cell["verdict"] == verdict)
            .count()
    };
    assert_eq!(count("panicked"), 1, "{said}");
    assert!(count("passed") > 0, "{said}");
    let seen = count("panicked") + count("passed");
    assert_eq!(
        (count("not_run"), row["boots"].as_u64()),
        (cells.len() - seen, Some(1))
    );
    let problem = row["problem"]["failed"].as_str().unwrap();
    assert!(problem.contains("Cannot allocate memory"), "{problem}");
    // A red cell outweighs the host's failure.
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_says(&said, &["PANICKED", "FAILED: ", "Cannot allocate memory"]);
}

/// A failure of the sandbox may pass, so it is reported and not remembered.
pub(crate) fn the_next_run_repeats_a_failed_sandbox_probe() {
    let fake = Fake::of_version(
        "exec $qemu -version;;\n*'-machine none'*) mkdir $here/begun 2>/dev/null && exit 9",
        "exec $qemu \"$@\"",
    );
    let without = "QEMU runs without its sandbox: exit status: 9";
    let output = run_with(&fake);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_says(&stderr(&output), &[without]);
    let output = run_with(&fake);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stderr(&output).contains(without), "{}", stderr(&output));
}

/// While a machine prints nothing, the harness prints that it boots.
pub(crate) fn a_silent_boot_prints_progress() {
    let fake = Fake::new("sleep 13; exit 1");
    let output = run_with(&fake);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let said = stderr(&output);
    let lines = said.lines().filter(|line| line.contains(": booting, "));
    // After 1.5 s and then ever less often, as far as the host allows.
    assert!(lines.count() >= 4, "{said}");

    // `run` shares stderr with the program, so its first line comes after ten seconds.
    let mut command = run_true(&[]);
    fake.before(&mut command);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    let said = stderr(&output);
    let lines = said.lines().filter(|line| line.contains(": booting, "));
    assert_eq!(lines.count(), 1, "{said}");
}

/// Under emulation this panic is the host's fault. The text is from Linux 6.1.
pub(crate) fn a_panic_for_want_of_a_timer_is_retried_and_counted() {
    const PANIC: &str = "[    0.1] Kernel panic - not syncing: IO-APIC + timer doesn'\\''t work!  \
                         Boot with apic=debug and send a report.";
    let once = format!(
        "if mkdir $here/begun 2>/dev/null; then printf '%s\\r\\n' '{PANIC}'; exit 0; fi\n\
         exec $qemu \"$@\""
    );
    let output = run_with(&Fake::new(&once));
    let (said, shown) = (stderr(&output), stdout(&output));
    assert_eq!(output.status.code(), Some(0), "{said}\n{shown}");
    let words = ["booted again 1 time", "IO-APIC + timer doesn't work"];
    assert_says(&said, &words);
    assert_says(&shown, &words);

    let mut command = run_true(&[]);
    let fake = Fake::new(&once);
    fake.before(&mut command);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));

    // There are three retries at most, and none for other panics.
    let always = format!("echo x >> $here/boots; printf '%s\\r\\n' '{PANIC}'; exit 0");
    let fake = Fake::new(&always);
    let output = run_with(&fake);
    assert_eq!(output.status.code(), Some(1));
    assert_says(&stdout(&output), &["PANICKED", "booted again 3 times"]);
    let boots = fs::read_to_string(fake.0.path().join("boots")).unwrap();
    assert_eq!(boots.lines().count(), 4);

    let other = always.replace("IO-APIC + timer", "Something else");
    let fake = Fake::new(&other);
    let output = run_with(&fake);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        !stderr(&output).contains("booted again"),
        "{}",
        stderr(&output)
    );
    let boots = fs::read_to_string(fake.0.path().join("boots")).unwrap();
    assert_eq!(boots.lines().count(), 1);
}
