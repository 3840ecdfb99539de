//! A program to be executed: the guest itself, which then says what it sees.

use std::env;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::process::exit;

use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, execv, fork, getpid, pipe};

use super::{Child, create_thread};
use crate::{Facts, Observation};

const PATH: &CStr = c"/proc/self/exe";
const NAME: &str = "strata-probe";

/// What the program does where this one was executed by a probe: it says its
/// `pid`, what its `child` sees, and whether it gets a `thread`. To be called
/// first of all: it may be PID 1 of some namespace.
pub fn run_if_executed() {
    let mut arguments = env::args();
    if arguments.next().as_deref() != Some(NAME) {
        return;
    }
    let Some(fd) = arguments.next().and_then(|fd| fd.parse::<RawFd>().ok()) else {
        exit(2)
    };
    // SAFETY: it was left open for this program, which is told its number.
    let mut report = unsafe { File::from_raw_fd(fd) };
    let mut sink = |fact| {
        let _ = writeln!(report, "{fact}");
    };
    let mut facts = Facts::new(&mut sink);
    facts.saw("pid", getpid());
    let child = Child::fork();
    facts.saw_child("child", &child);
    facts.saw_result("thread", &create_thread());
    let _ = child.map(Child::end);
    exit(7)
}

/// Executes the program in place of this one, in a process of
/// [`observe_program`].
///
/// # Errors
/// That of execve(2).
pub fn exec_program(report: &OwnedFd) -> Result<(), Errno> {
    execv(PATH, &arguments(report)).map(drop)
}

/// Runs `part`, which is to execute the program, in a new process. What either
/// of them sees comes back with the process's PID.
///
/// The caller has one thread.
///
/// # Errors
/// That of fork(2).
pub fn observe_program(
    part: impl FnOnce(&mut Facts, OwnedFd),
) -> Result<(Pid, Observation), Errno> {
    let (hear, report) = pipe()?;
    // SAFETY: the caller has one thread, so the child may do anything.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let mut lines = File::from(report.try_clone().map_err(|_| Errno::EMFILE)?);
            let mut sink = |fact| {
                let _ = writeln!(lines, "{fact}");
            };
            part(&mut Facts::new(&mut sink), report);
            exit(1)
        }
        ForkResult::Parent { child } => {
            drop(report);
            finish(child, hear)
        }
    }
}

/// Runs the program by posix_spawn(3) and waits for what it sees.
///
/// # Errors
/// That of posix_spawn(3).
pub fn spawn_program() -> Result<(Pid, Observation), Errno> {
    let (hear, report) = pipe()?;
    let child = posix_spawn(
        PATH,
        &PosixSpawnFileActions::init()?,
        &PosixSpawnAttr::init()?,
        &arguments(&report),
        &[] as &[&CStr],
    )?;
    drop(report);
    finish(child, hear)
}

/// Hears a process out.
fn finish(child: Pid, hear: OwnedFd) -> Result<(Pid, Observation), Errno> {
    let mut text = String::new();
    File::from(hear)
        .read_to_string(&mut text)
        .map_err(|_| Errno::EIO)?;
    waitpid(child, None)?;
    Ok((child, Observation::written(&text)))
}

fn arguments(report: &OwnedFd) -> [CString; 2] {
    let fd = report.as_raw_fd().to_string();
    [NAME, &fd].map(|word| CString::new(word).unwrap_or_default())
}
