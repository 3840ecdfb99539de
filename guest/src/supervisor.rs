//! One scenario in a process of its own, with a deadline of its own.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::panic;
use std::process;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{ForkResult, Pid, fork, pipe2};
use serde::{Deserialize, Serialize};

use crate::waiting::{reap, wait_for};
use crate::{Fact, Facts, Observation, Outcome, ProbeError, Scenario, Status};

/// How often a silent process is asked whether it still lives: its end of the
/// pipe may have gone to children that do.
const HEARTBEAT: Duration = Duration::from_millis(20);
/// How much a process may say, in bytes. Its record must fit into a frame, and
/// PID 1 into its memory.
const MAX_SAID: usize = 256 << 10;

/// What a scenario's process says, one JSON line each.
#[derive(Serialize, Deserialize)]
enum Line {
    Saw(Fact),
    Ended(Outcome),
}

/// Runs a scenario in a process of its own and hears what it sees. The process
/// is gone when this returns; its children need not be.
///
/// The caller has one thread only: it forks. All signals stay blocked in it.
///
/// # Errors
/// Where no process or pipe can be had.
pub fn supervise(scenario: &Scenario, deadline: Duration) -> io::Result<(Outcome, Observation)> {
    let mut seen = Observation::default();
    let mut sink = |fact| seen.0.push(fact);
    // No signal that a scenario sends to everybody is to disturb PID 1.
    SigSet::all().thread_set_mask()?;
    let probe = |facts: &mut Facts| {
        SigSet::empty().thread_set_mask()?;
        (scenario.probe)(facts)
    };
    let outcome = run_apart(probe, deadline, &mut sink)?;
    Ok((outcome, seen))
}

/// Runs a probe or a part of one in a process of its own; what it sees goes to
/// `sink` as it is seen.
pub(crate) fn run_apart(
    part: impl FnOnce(&mut Facts) -> Result<(), ProbeError>,
    deadline: Duration,
    sink: &mut dyn FnMut(Fact),
) -> io::Result<Outcome> {
    let (hear, say) = pipe2(OFlag::O_CLOEXEC)?;
    // SAFETY: the caller has one thread only, so the child may do anything.
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(hear);
            perform(part, say.into())
        }
        ForkResult::Parent { child } => {
            drop(say);
            let mut hearing = Hearing {
                pipe: hear.into(),
                rest: Vec::new(),
                said: 0,
                sink,
            };
            let outcome = hearing.listen(child, deadline)?;
            // Whatever became of it, it is over. No error matters: it may be
            // gone already.
            let _ = kill(child, Signal::SIGKILL);
            let _ = wait_for(child);
            Ok(outcome)
        }
    }
}

/// The new process.
fn perform(part: impl FnOnce(&mut Facts) -> Result<(), ProbeError>, mut pipe: File) -> ! {
    // One write a line: a line is whole or not there.
    let mut say = move |line: Line| {
        let mut json = serde_json::to_vec(&line).unwrap_or_default();
        json.push(b'\n');
        let _ = pipe.write_all(&json);
    };
    let outcome = {
        let mut sink = |fact| say(Line::Saw(fact));
        let mut facts = Facts::new(&mut sink);
        // With `panic = "abort"` this never catches, and the host reads of a
        // death by SIGABRT.
        let probe = panic::AssertUnwindSafe(|| part(&mut facts));
        match panic::catch_unwind(probe) {
            Ok(Ok(())) => Outcome::Completed,
            Ok(Err(ProbeError::NotApplicable(why))) => Outcome::NotApplicable(why),
            Ok(Err(ProbeError::Failed(why))) => Outcome::Failed(why),
            Err(_) => Outcome::Failed("the probe panicked".to_owned()),
        }
    };
    say(Line::Ended(outcome));
    process::exit(0)
}

/// What has been heard of a scenario's process.
struct Hearing<'a> {
    pipe: File,
    /// The beginning of a line whose end is still to come.
    rest: Vec<u8>,
    /// How much it has said, in bytes.
    said: usize,
    sink: &'a mut dyn FnMut(Fact),
}

impl Hearing<'_> {
    /// Listens until the scenario has ended, in one way or another.
    fn listen(&mut self, child: Pid, deadline: Duration) -> io::Result<Outcome> {
        let started = Instant::now();
        loop {
            if let Some(outcome) = self.hear(HEARTBEAT)? {
                return Ok(outcome);
            }
            if let Some(death) = death(child)? {
                // What it said last may still be in the pipe.
                return Ok(self.hear(Duration::ZERO)?.unwrap_or(Outcome::Died(death)));
            }
            if started.elapsed() > deadline {
                return Ok(Outcome::TimedOut);
            }
        }
    }

    /// Takes in what comes within `patience`.
    fn hear(&mut self, patience: Duration) -> io::Result<Option<Outcome>> {
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        let mut buffer = [0; 4096];
        let mut wait = patience;
        loop {
            let mut ready = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
            match poll(&mut ready, wait) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                // A signal to PID 1: there may be nothing to read.
                Err(Errno::EINTR) => return Ok(None),
                Err(errno) => return Err(errno.into()),
            }
            let length = match self.pipe.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(None),
                read => read?,
            };
            if length == 0 {
                // Nobody can say anything any more: leave the rest to the
                // question whether it lives, at the pace of the heartbeat.
                std::thread::sleep(Duration::from_millis(1));
                return Ok(None);
            }
            self.said += length;
            if self.said > MAX_SAID {
                return Ok(Some(Outcome::Failed(format!("said over {MAX_SAID} bytes"))));
            }
            self.rest.extend(&buffer[..length]);
            if let Some(outcome) = self.take_lines() {
                return Ok(Some(outcome));
            }
            wait = PollTimeout::ZERO;
        }
    }

    fn take_lines(&mut self) -> Option<Outcome> {
        while let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Line::Saw(fact)) => (self.sink)(fact),
                Ok(Line::Ended(outcome)) => return Some(outcome),
                Err(error) => {
                    return Some(Outcome::Failed(format!("said what is no line: {error}")));
                }
            }
        }
        None
    }
}

/// How a process died, if it has.
fn death(child: Pid) -> io::Result<Option<String>> {
    Ok(reap(Some(child))?.map(|(_, status)| match status {
        Status::Exited(status) => format!("exit status {status}"),
        Status::Killed(signal) => format!("signal {signal}"),
    }))
}
