//! Guests that misbehave, each in a real boot: one test for each fault, and one more with a
//! kernel of arm64 (`arm64::fault_panic`).
//!
//! One scenario runs before the fault and two after it. They must pass.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use guest::faults::{self, Fault};
use guest::{AARCH64, Scenario, scenarios};
use harness::{Accelerator, Deadlines, Exit, Matrix, Row, Verdict, guest_binary, report};
use images::Kernel;
use libtest_mimic::{Arguments, Failed, Trial};
use strata_tests::{PrintEvents, any_image, any_kernel, kernel_named, suite_of};

/// What the report of a fault must contain besides its verdict: the text of the panic,
/// what was waited for, how the records are damaged.
const TEXTS: &[(&str, &str)] = &[
    ("fault_panic", "PANICKED: Kernel panic - not syncing: "),
    (
        "fault_kill_init",
        "PANICKED: Kernel panic - not syncing: Attempted to kill init!",
    ),
    ("fault_power_off", "the machine ended before its report did"),
    ("fault_reboot", "the machine ended before its report did"),
    ("fault_halt", "waited too long for fault_halt to end"),
    (
        "fault_hang_interrupts_off",
        "waited too long for fault_hang_interrupts_off to end",
    ),
    (
        "fault_hang_interrupts_off",
        "[strata: registers, memory of the machine are in ",
    ),
    (
        "fault_hang_user_space",
        "[strata: registers, stacks, memory of the machine are in ",
    ),
    ("fault_hang_user_space", "Comm: init"),
    ("fault_stop_init", "  ptrace_stop"),
    ("fault_shout", "waited too long for fault_shout to end"),
    ("fault_exit", "DIED: exit status 0"),
    ("fault_illegal_instruction", "DIED: signal 4"),
    ("fault_kill_everything", "DIED: signal 9"),
    ("fault_out_of_memory", "DIED: signal "),
    ("fault_endless_facts", "BROKEN: said over 262144 bytes"),
    (
        "fault_hide_proc",
        "BROKEN: it left other mounts than it found",
    ),
    ("fault_half_record", "(a frame without an end)"),
    ("fault_bad_checksum", "(a frame with a wrong checksum)"),
    (
        "fault_repeated_record",
        "after its end: message 5 is missing before message 4",
    ),
    (
        "fault_sequence_gap",
        "message 4 is missing before message 5",
    ),
    ("fault_no_record", "message 4 is missing before message 5"),
    ("fault_record_too_long", "(a frame of over a mebibyte)"),
    (
        "fault_unknown_record",
        "(a record this version of Strata does not know)",
    ),
    ("fault_other_scenario", "a record out of turn: Ended"),
    ("fault_finished_early", "a record out of turn: Finished"),
    ("fault_booted_again", "a record out of turn: Booted"),
    ("fault_pid_1_panics", "BROKEN: PID 1 of the guest panicked"),
    ("fault_escapes_on_console", "\u{fffd}[31mred"),
    ("fault_escapes_in_facts", "\u{fffd}[31mred"),
    (
        "fault_escapes_in_a_panic",
        "PANICKED: Kernel panic - not syncing: \u{fffd}]0;owned",
    ),
];

/// The largest file of a console, in bytes: its head, its tail, and a line between them.
const CONSOLE: u64 = (8 << 20) + 100;
/// The most memory that this process may have taken at any time, in KiB.
const MEMORY: u64 = 128 << 10;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(4);
    let kernel = match env::var_os("STRATA_TEST_KERNEL") {
        Some(path) => Kernel::File(PathBuf::from(path).into()),
        None => any_kernel(),
    };
    let mut trials = faults_on(&kernel, "");
    let on_arm64 = faults_on(&kernel_named("arm64/6.1"), "arm64::");
    trials.extend(match guest_binary(&AARCH64) {
        Ok(_) => on_arm64,
        // What is missing is said, and none of them passes.
        Err(why) => {
            let ignored = |trial: Trial| trial.with_kind(why.to_string()).with_ignored_flag(true);
            on_arm64.into_iter().map(ignored).collect()
        }
    });
    trials.push(test("a_hanging_kernel_does_not_disturb_others", || {
        a_hanging_kernel_does_not_disturb_others()
    }));
    trials.push(test("every_expected_text_names_a_fault", || {
        every_expected_text_names_a_fault()
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test of each fault on a kernel; their names begin with `group`.
fn faults_on(kernel: &Kernel, group: &str) -> Vec<Trial> {
    let of_fault = |fault: &'static Fault| {
        let kernel = kernel.clone();
        let name = format!("{group}{}", fault.scenario.name);
        test(&name, move || fault_is_seen(fault, &kernel))
    };
    faults::ALL.iter().map(of_fault).collect()
}

fn test(name: &str, test: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    let run = move || test().map_err(|error| Failed::from(format!("{error:#}")));
    Trial::test(name, run)
}

fn deadlines(fault: &Fault) -> Deadlines {
    let scenario = match fault.scenario.name {
        // An emulated serial line carries some 300 kB/s, less on a loaded host.
        "fault_hundred_megabytes" => 900,
        "fault_record_too_long" => 60,
        // It ends when the memory does.
        "fault_out_of_memory" => 30,
        _ => 5,
    };
    Deadlines {
        scenario: Duration::from_secs(scenario),
        grace: Duration::from_secs(10),
        ..Deadlines::of(Accelerator::Tcg)
    }
}

fn fault_is_seen(fault: &'static Fault, kernel: &Kernel) -> Result<()> {
    let name = fault.scenario.name;
    let deadlines = deadlines(fault);
    let row = row(fault, kernel, deadlines)?;
    let matrix = Matrix { rows: vec![row] };
    let row = &matrix.rows[0];
    let said = report::details(&matrix);
    eprintln!(
        "{name}: {}, {} boots, {:.1} s\n{said}",
        row.cells[1].verdict,
        row.boots,
        row.took.as_secs_f64()
    );

    let verdicts: Vec<Verdict> = row.cells.iter().map(|cell| cell.verdict).collect();
    let [before, it, after, last] = verdicts[..] else {
        anyhow::bail!("four were asked for: {verdicts:?}");
    };
    ensure!(
        [before, after, last] == [Verdict::Passed; 3],
        "the others: {verdicts:?}"
    );
    ensure!(
        fault.verdicts.contains(&it.word()),
        "{it} and not {:?}",
        fault.verdicts
    );
    let completed = matches!(it, Verdict::Passed | Verdict::Failed);
    let boots = if completed { 1 } else { 2 };
    ensure!(row.boots == boots, "{} boots, not {boots}", row.boots);
    // Two boots, each within its deadline, and the fault within its own.
    let limit = 2 * deadlines.boot + deadlines.scenario + deadlines.grace;
    ensure!(row.took < limit, "it took {:?}", row.took);

    let exit = if it == Verdict::Passed {
        Exit::Agreed
    } else {
        Exit::Disagreed
    };
    ensure!(matrix.exit(false) == exit, "{:?}", matrix.exit(false));
    if it.is_red() {
        let (kernel, words) = (&row.name, it.word());
        let heading = format!("{kernel} {name}: {words}");
        ensure!(said.contains(&heading), "no {heading:?}");
    }
    for (_, words) in TEXTS.iter().filter(|(of, _)| *of == name) {
        ensure!(said.contains(words), "no {words:?}");
    }
    let shown = [said, report::table(&matrix, false)].concat();
    let obeyed = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
    ensure!(!shown.contains(obeyed), "a terminal obeys {shown:?}");
    bounded(row)?;
    if name == "fault_hundred_megabytes" {
        head_and_tail_are_kept(row)?;
    }
    Ok(())
}

/// The row of a fault, with a scenario before it and two after it.
fn row(fault: &'static Fault, kernel: &Kernel, deadlines: Deadlines) -> Result<Row> {
    let find = |name| scenarios::find(name).context("a scenario has another name");
    let scenarios: Vec<&Scenario> = vec![
        find("unshare_newpid_multithreaded")?,
        &fault.scenario,
        find("max_pid_namespaces")?,
        find("setns_pid")?,
    ];
    let run = format!("tests-{}-{}", fault.scenario.name, std::process::id());
    let mut suite = suite_of(&run, vec![kernel.clone()], scenarios)?;
    suite.deadlines = Some(deadlines);
    // The nightly run boots each afresh; otherwise a restored machine is quicker.
    suite.machines.saved = env::var("NEXTEST_PROFILE").as_deref() != Ok("nightly");
    suite.machines.append = fault.append.iter().map(|&word| word.to_owned()).collect();
    Ok(suite.row(kernel, &PrintEvents))
}

/// A guest cannot make the harness keep more than so much, in files and in memory.
fn bounded(row: &Row) -> Result<()> {
    for boot in 1..=row.boots {
        let size = fs::metadata(console(row, boot))?.len();
        ensure!(size <= CONSOLE, "console {boot} has {size} bytes");
    }
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|line| line.trim().strip_suffix(" kB"));
    let peak: u64 = peak.context("no VmHWM in /proc/self/status")?.parse()?;
    eprintln!("memory: {peak} KiB at most");
    ensure!(peak < MEMORY, "{peak} KiB were taken");
    Ok(())
}

fn head_and_tail_are_kept(row: &Row) -> Result<()> {
    let console = fs::read(console(row, 1))?;
    let text = String::from_utf8_lossy(&console);
    let left_out = text
        .lines()
        .find_map(|line| line.strip_prefix("[strata: "))
        .and_then(|line| line.split(' ').next())
        .context("nothing was left out")?;
    ensure!(left_out.parse::<u64>()? > 90_000_000, "{left_out} bytes");
    let dots = ".".repeat(998);
    let (head, tail) = text.split_at(text.find("[strata: ").unwrap_or_default());
    ensure!(head.contains(&dots) && tail.contains(&dots));
    // The first and the last record are at either end.
    for (end, frames) in [(&console[..4096], 1), (&console[console.len() - 4096..], 1)] {
        let found = end.iter().filter(|&&byte| byte == 0xC0).count();
        ensure!(found >= frames, "{found} records");
    }
    Ok(())
}

fn console(row: &Row, boot: usize) -> std::path::PathBuf {
    let dir = if boot == 1 {
        row.dir.clone()
    } else {
        row.dir.join(format!("boot{boot}"))
    };
    dir.join("console")
}

/// The kernel is damaged past its first sectors: it starts, and prints nothing.
fn a_hanging_kernel_does_not_disturb_others() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let damaged = dir.path().join("vmlinuz-damaged");
    damage(&any_image()?, &damaged)?;
    let run = format!("tests-one-hangs-{}", std::process::id());
    let kernels = vec![Kernel::File(damaged.into()), any_kernel()];
    let mut suite = suite_of(&run, kernels, scenarios::ALL.iter().take(3).collect())?;
    suite.deadlines = Some(Deadlines {
        boot: Duration::from_secs(60),
        ..Deadlines::of(Accelerator::Tcg)
    });
    let matrix = suite.run(&PrintEvents);
    let said = report::details(&matrix);
    eprintln!("{said}");
    let [hangs, other] = &matrix.rows[..] else {
        anyhow::bail!("two were asked for");
    };
    ensure!(hangs.count(Verdict::Hung) == 3 && hangs.boots == 1);
    ensure!(other.count(Verdict::Passed) == 3 && other.boots == 1);
    ensure!(said.contains("waited too long for the guest to come up"));
    ensure!(matrix.exit(false) == Exit::Disagreed);
    Ok(())
}

/// Copies an image and alters bytes in its middle, which the kernel is unpacked from.
fn damage(image: &Path, copy: &Path) -> Result<()> {
    let mut bytes = fs::read(image)?;
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 4096] {
        *byte ^= 0x55;
    }
    fs::write(copy, bytes)?;
    Ok(())
}

fn every_expected_text_names_a_fault() -> Result<()> {
    for (name, _) in TEXTS {
        ensure!(faults::find(name).is_some(), "there is no {name}");
    }
    Ok(())
}
