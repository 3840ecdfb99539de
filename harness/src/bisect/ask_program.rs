//! Tests a kernel by a program's exit status, as `git bisect run` does.

use std::io;

use anyhow::{Result, bail};
use images::Kernel;

use super::{Behaviour, KernelAnswer};
use crate::kernels::Machines;
use crate::payload::PackedProgram;
use crate::programs::{Ending, Input, OutputStreams, Ran, Runner, ending};
use crate::results::Watcher;

/// The exit status that means "skip", as in `git bisect run`.
const SKIP: u8 = 125;

/// Runs a program in a kernel, without input. Its stdout and stderr go to stderr.
///
/// # Errors
/// If the harness fails, or the run was interrupted.
pub fn ask_program(
    machines: &Machines,
    runner: &Runner,
    program: &PackedProgram,
    kernel: &Kernel,
    watcher: &dyn Watcher,
) -> Result<KernelAnswer> {
    let bootable = match machines.machine(kernel, watcher) {
        Ok(bootable) => bootable,
        Err(problem) => return Ok(KernelAnswer::Skipped(problem.why().to_owned())),
    };
    let mut output = OutputStreams {
        stdout: io::stderr(),
        stderr: io::stderr(),
    };
    let ran = runner.run(&bootable, program, Input::Null, &mut output)?;
    match ran.ending {
        Ending::Interrupted | Ending::OutputClosed => bail!("interrupted"),
        _ => Ok(answer(&ran)),
    }
}

/// 0 is good, 125 skips the kernel, and all else is bad: another exit status, a signal,
/// a timeout, a crash of the kernel.
fn answer(ran: &Ran) -> KernelAnswer {
    let text = ending(&ran.ending);
    let version = ran.kernel.as_ref().and_then(|k| k.follows().ok());
    let class = match (&ran.ending, &ran.kernel) {
        (_, None) => return KernelAnswer::Skipped(format!("it does not boot ({text})")),
        (Ending::Ended(status), _) if status.code() == SKIP => {
            return KernelAnswer::Skipped(format!("the program says so ({text})"));
        }
        (Ending::Refused(..) | Ending::NotApplicable(_), _) => return KernelAnswer::Skipped(text),
        (Ending::Ended(status), _) if status.code() == 0 => "good",
        _ => "bad",
    };
    KernelAnswer::Showed(Behaviour {
        class: class.to_owned(),
        text: format!("{class} ({text})"),
        version,
        disagrees: false,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use guest::Status;

    use super::*;
    use crate::results::End;

    fn class(ending: Ending, booted: bool) -> String {
        let kernel = booted.then(|| guest::RunningKernel {
            release: "6.1.176".to_owned(),
            version: "#1 SMP".to_owned(),
        });
        let ran = Ran {
            kernel,
            ending,
            retries: Vec::new(),
            last_lines: Vec::new(),
            took: Duration::ZERO,
            console: None,
        };
        match answer(&ran) {
            KernelAnswer::Showed(showed) => showed.class,
            KernelAnswer::Skipped(_) => "skip".to_owned(),
        }
    }

    #[test]
    fn exit_statuses_mean_what_git_bisect_takes_them_for() {
        let exited = |code| class(Ending::Ended(Status::Exited(code)), true);
        assert_eq!(exited(0), "good");
        assert_eq!(exited(1), "bad");
        assert_eq!(exited(125), "skip");
        assert_eq!(class(Ending::Ended(Status::Killed(11)), true), "bad");
        assert_eq!(class(Ending::TimedOut(Duration::from_secs(1)), true), "bad");
    }

    #[test]
    fn a_kernel_that_dies_of_the_program_is_bad_and_one_that_never_booted_is_skipped() {
        let panicked = || Ending::Lost(End::Panicked("Kernel panic".to_owned()));
        assert_eq!(class(panicked(), true), "bad");
        assert_eq!(class(panicked(), false), "skip");
    }
}
