//! Programs on kernels of arm64, emulated. Ignored where this Strata was built without the
//! guest for them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{ExitCode, Output};

use anyhow::{Result, ensure};
use guest::AARCH64;
use harness::guest_binary;
use strata_tests::{run_tests, tests, xtask};

fn main() -> ExitCode {
    let missing = guest_binary(&AARCH64).err().map(|error| error.to_string());
    run_tests([(
        tests![
            a_program_chooses_the_kernel_of_its_architecture,
            a_machine_may_be_fresh_and_have_several_processors,
        ],
        missing.as_deref(),
    )])
}

/// Runs `strata` with a program for arm64 at the end of its words: the guest, which says what
/// it is and exits with 2.
fn run_guest(words: &[&str]) -> Result<Output> {
    let dir = tempfile::tempdir()?;
    let program = dir.path().join("guest");
    fs::copy(guest_binary(&AARCH64)?, &program)?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    Ok(xtask().args(words).arg(program).output()?)
}

fn is_said_by_the_guest(output: &Output) -> Result<()> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(2),
        "{}: {stderr}",
        output.status
    );
    ensure!(stderr.contains("PID 1 of a Strata guest"), "{stderr}");
    Ok(())
}

fn a_program_chooses_the_kernel_of_its_architecture() -> Result<()> {
    // The second time, the machine may be a saved one.
    for _ in 0..2 {
        is_said_by_the_guest(&run_guest(&["run", "--kernel", "6.1", "--"])?)?;
    }
    Ok(())
}

fn a_machine_may_be_fresh_and_have_several_processors() -> Result<()> {
    let words = [
        "run",
        "--fresh",
        "--cpus",
        "2",
        "--kernel",
        "arm64/6.1",
        "--",
    ];
    is_said_by_the_guest(&run_guest(&words)?)
}
