//! Asks the process that keeps machines.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::unistd::Pid;

use super::message::{Answer, PATIENCE, ProgramOrder, Reply, Request, SILENCE, answered, ask};
use super::place::{StandingPlace, not_up};
use super::server::build;
use crate::payload::{BadRequest, PackedProgram};
use crate::programs::outcome::{ExitCodes, interrupted};
use crate::programs::program_input::Input;
use crate::system::{Interrupt, RawTerminal, Window, first_ready, program_name, say};

/// A program for one of the machines of a place.
pub struct StandingRun<'a> {
    /// The program.
    pub program: &'a PackedProgram,
    /// What it reads.
    pub stdin: Input,
    /// This process's terminal, if the program is to have one.
    pub window: Option<&'a Window>,
    /// Where the archive of the files goes that its job wants.
    pub files: Option<&'a File>,
    /// Its time limit.
    pub timeout: Option<Duration>,
    /// The exit codes of failures that are not its own.
    pub codes: ExitCodes,
}

/// Runs a program in one of the machines of a place, with this process's stdout and
/// stderr, and its terminal if the program is to have one; returns the exit code.
///
/// # Errors
/// If there are no such machines, or they cannot run it.
pub fn run_in(place: &StandingPlace, run: StandingRun<'_>, interrupt: &Interrupt) -> Result<u8> {
    let StandingRun {
        window,
        files: wanted,
        timeout,
        ..
    } = run;
    if run.program.is_of_host() {
        let why = "--host-root takes a machine of its own: name a kernel in place of --in";
        return Err(BadRequest::new(why).into());
    }
    let socket = place.connect().map_err(|_| not_up(place.name()))?;
    let (kind, at_hand, coming) = run.stdin.taken_apart();
    let loaded = run.program.load(kind, &at_hand)?;
    let (archive, from) = loaded.initramfs.job();
    let order = ProgramOrder {
        build: build(),
        arch: loaded.arch.name.to_owned(),
        from,
        size: loaded.size,
        timeout,
        terminal: window.is_some(),
        files: wanted.is_some(),
        legacy: run.codes == ExitCodes::Legacy,
    };
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let rest = coming.as_ref().map(|coming| coming.file.as_fd());
    let files: Vec<BorrowedFd<'_>> = [archive.as_fd(), stdout.as_fd(), stderr.as_fd()]
        .into_iter()
        .chain(rest)
        .chain(window.map(AsFd::as_fd))
        .chain(wanted.map(AsFd::as_fd))
        .collect();
    // The terminal is as it was before anything is said.
    let raw = window
        .map(|_| RawTerminal::enter(io::stdin()))
        .transpose()?;
    ask(&socket, &Request::Run(order), &files)?;
    // The process that keeps the machine has the deadlines. It sees that this end is closed.
    let answer = answered(&socket, Some(interrupt));
    drop(raw);
    match answer? {
        Reply::Interrupted => Ok(interrupted(Some(interrupt))),
        Reply::Answer(Answer::Ran(code, words)) => {
            if let Some(words) = words {
                say(&words);
            }
            Ok(code)
        }
        Reply::Answer(Answer::Refused(why)) => Err(BadRequest::new(why).into()),
        Reply::Answer(Answer::Ends) => Err(not_up(place.name())),
        Reply::Silence => bail!(
            "the process that keeps {name} has said nothing for {} s: see whether it is stopped, \
             or end it with `{} down {name}`",
            SILENCE.as_secs(),
            program_name(),
            name = place.name()
        ),
    }
}

/// Ends the machines of a place; says whether there were any. A process that does not
/// answer, for it is stopped, is killed.
///
/// # Errors
/// If it does not end.
pub fn end(place: &StandingPlace) -> Result<bool> {
    let Ok(socket) = place.connect() else {
        return Ok(false);
    };
    let ending = || format!("ending {}", place.name());
    ask(&socket, &Request::End, &[])?;
    if answered(&socket, None).with_context(ending)? == Reply::Silence {
        // It is there as long as its socket is open.
        let keeper = getsockopt(&socket, PeerCredentials).with_context(ending)?;
        kill(Pid::from_raw(keeper.pid()), Signal::SIGKILL).with_context(ending)?;
        first_ready(&[socket.as_fd()], Some(Instant::now() + PATIENCE))?.with_context(ending)?;
    }
    Ok(true)
}
