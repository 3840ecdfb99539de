//! A program to be executed: the guest itself, which then says what it sees.

use std::env;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::process::exit;
use std::ptr;

use nix::errno::Errno;
use nix::libc::{c_int, c_long};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, execv, execve, getpid, pipe};

use super::call::call;
use super::{Child, create_thread, fork_child};
use crate::claims::{Fact, Facts, Observation};

const PATH: &CStr = c"/proc/self/exe";
const NAME: &str = "strata-probe";

/// If a probe executed this program: reports its `pid`, what its `child` sees, and
/// whether it gets a `thread`, and exits. Call it first: the process may be PID 1 of
/// some namespace.
pub fn run_if_executed() {
    report_argc_if_asked();
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

/// If a probe executed this program without any argument: reports its `argc`, and exits.
fn report_argc_if_asked() {
    if env::args_os().nth(1).is_some() {
        return;
    }
    let Some(fd) = env::var(NAME).ok().and_then(|fd| fd.parse::<RawFd>().ok()) else {
        return;
    };
    // SAFETY: it was left open for this program, which is told its number.
    let mut report = unsafe { File::from_raw_fd(fd) };
    let _ = writeln!(report, "argc={}", env::args_os().count());
    exit(7)
}

/// Executes the program in place of this one, in a process of
/// [`observe_program`].
pub fn exec_program(report: &OwnedFd) -> Result<(), Errno> {
    execv(PATH, &arguments(report)).map(drop)
}

/// Executes the program in place of this one without any argument, in a process of
/// [`observe_program`]. It then reports its `argc`, and nothing else.
pub fn exec_program_without_arguments(report: &OwnedFd) -> Result<(), Errno> {
    // The environment says what the arguments cannot.
    let environment = CString::new(format!("{NAME}={}", report.as_raw_fd())).unwrap_or_default();
    execve(PATH, &[] as &[&CStr], &[environment]).map(drop)
}

/// execveat(2) of a descriptor's file, with more flags than AT_EMPTY_PATH and without
/// environment.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn execveat(file: RawFd, flags: c_int) -> Result<(), Errno> {
    let arguments = [c"".as_ptr(), ptr::null()];
    let environment = &arguments[1..];
    let arguments = [
        file as c_long,
        c"".as_ptr() as c_long,
        arguments.as_ptr() as c_long,
        environment.as_ptr() as c_long,
        (flags | libc::AT_EMPTY_PATH) as c_long,
    ];
    // SAFETY: it reads strings and arrays that end with a null.
    unsafe { call(libc::SYS_execveat, arguments) }.map(drop)
}

/// Runs `part`, which is to execute the program, in a new process. What either
/// of them sees comes back with the process's PID.
///
/// The caller has one thread.
pub fn observe_program(
    part: impl FnOnce(&mut Facts, OwnedFd),
) -> Result<(Pid, Observation), Errno> {
    let (hear, report) = pipe()?;
    let child = fork_child(|| {
        let Ok(lines) = report.try_clone() else {
            exit(1)
        };
        let mut lines = File::from(lines);
        let mut sink = |fact| {
            let _ = writeln!(lines, "{fact}");
        };
        part(&mut Facts::new(&mut sink), report);
        exit(1)
    })?;
    finish(child, hear)
}

/// Runs the program by posix_spawn(3) and waits for what it sees.
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

/// Reads what a process reports, until it ends.
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

impl Facts<'_> {
    /// Reports what a program saw. Its PID is `outer` where it sees the one that
    /// its parent sees.
    pub fn saw_program(&mut self, process: Pid, seen: Observation) {
        for Fact { name, value } in seen.0 {
            if name == "pid" && value == process.to_string() {
                self.saw(name, "outer");
            } else {
                self.saw(name, value);
            }
        }
    }
}
