use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};
use std::slice;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use guest::User;
use harness::{
    BadRequest, ExitCodes, Input, Interrupt, Program, StandingPlace, StandingRun, TIMEOUT, run_in,
};
use images::{Catalogue, Spec};
use nix::unistd::{getegid, geteuid};

use crate::options::FilesOptions;

/// Run a test program in a machine that stays, for cargo, Go and others
///
/// Brings machines with the kernel up where there are none, and runs the program in one
/// of them as it would run here: as this user, with this environment, and in this
/// directory, which travels with all that is in it but caches (CACHEDIR.TAG, as
/// cargo's target has) and .git. The machines end when they were idle for ten minutes,
/// or by `down runner-KERNEL`.
#[derive(Args)]
#[command(after_help = "\
Exit codes are those of `run`.

Examples:
  CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER='strata runner 5.10' cargo test
  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='strata runner arm64/6.1' \
      cargo test --target aarch64-unknown-linux-gnu
  go test -exec 'strata runner 5.10' ./...
  meson test --wrapper 'strata runner --file build/helper 5.10'")]
pub(crate) struct RunnerCommand {
    #[command(flatten)]
    files: FilesOptions,

    /// The kernel: 3.10, or the path of a bzImage
    #[arg(value_name = "KERNEL")]
    kernel: Spec,

    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    #[arg(value_name = "PROGRAM ARGS")]
    command: Vec<OsString>,
}

/// Memory of the machines, in MiB: test programs are large.
const MEMORY: &str = "1024";

impl RunnerCommand {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let kernels = Catalogue::of_user()?.select(slice::from_ref(&self.kernel))?;
        let [kernel] = &kernels[..] else {
            let kernel = &self.kernel;
            bail!(BadRequest::new(format!(
                "{kernel} is more than one kernel: a runner is for one"
            )));
        };
        let here = env::current_dir().context("finding the current directory")?;
        let [program, arguments @ ..] = &self.command[..] else {
            bail!(BadRequest::new("no program is named"));
        };
        let mut program = Program::new(program)
            .args(arguments)
            .working_directory(here);
        for (name, value) in env::vars_os().filter(|(name, _)| name != "TMPDIR") {
            program = program.env(name, value);
        }
        program = self.files.furnish(program);
        let user = (geteuid().as_raw(), getegid().as_raw());
        if let (uid @ 1.., gid) = user {
            program = program.user(User { uid, gid });
        }
        let program = program.pack()?;
        program.fits(&kernels)?;
        let interrupt = Interrupt::catch()?;
        let place = StandingPlace::of_runner(kernel)?;
        if !place.is_up() {
            self.bring_up(place.name())?;
        }
        let stdin = Input::streamed().context("reading the program's input")?;
        let (codes, timeout) = (ExitCodes::default(), Some(TIMEOUT));
        let run = StandingRun {
            program: &program,
            stdin,
            window: None,
            files: None,
            timeout,
            codes,
        };
        Ok(run_in(&place, run, &interrupt)?.into())
    }

    /// Several test programs may do it at once: they share what comes up.
    fn bring_up(&self, name: &str) -> Result<()> {
        let this = env::current_exe().context("finding this program")?;
        let mut up = Command::new(this);
        up.args(["up", "--name", name, "--memory", MEMORY]);
        up.arg(self.kernel.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let status = up.status().context("bringing machines up")?;
        ensure!(
            status.success(),
            "no machine came up ({status}): its reason stands above"
        );
        Ok(())
    }
}
