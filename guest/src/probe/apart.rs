//! A probe, or a part of one, in a process started for it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::panic;
use std::process;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{ForkResult, Pid, fork, pipe2};
use serde::{Deserialize, Serialize};

use super::waiting::{reap, wait_for};
use crate::claims::{Fact, Facts, ProbeError};
use crate::protocol::{Outcome, Status};

/// How often a silent process is asked whether it still lives: its end of the
/// pipe may have gone to children that do.
const HEARTBEAT: Duration = Duration::from_millis(20);
/// How many bytes a process may say. Its record must fit into a frame, and PID 1
/// into its memory.
const MAX_SAID: usize = 256 << 10;

/// What the process says, one JSON line each.
#[derive(Serialize, Deserialize)]
enum Said {
    Saw(Fact),
    Ended(Outcome),
}

/// Runs a part of a probe in a new process and brings back what it sees.
///
/// The caller has one thread, so the part may do anything. What it starts may
/// outlive it.
///
/// # Errors
/// The part's, and [`ProbeError::Failed`] where its process dies.
pub fn in_a_process(
    facts: &mut Facts,
    part: impl FnOnce(&mut Facts) -> Result<(), ProbeError>,
) -> Result<(), ProbeError> {
    let mut sink = |fact: Fact| facts.saw(fact.name, fact.value);
    // The scenario has a deadline, which ends its parts too.
    match run_apart(part, Duration::MAX, &|| {}, &mut sink)? {
        Outcome::Completed => Ok(()),
        Outcome::NotApplicable(why) => Err(ProbeError::NotApplicable(why)),
        Outcome::Failed(why) => Err(ProbeError::Failed(why)),
        Outcome::Died(how) => Err(ProbeError::Failed(format!("a part died: {how}"))),
        Outcome::TimedOut => Err(ProbeError::Failed("a part did not end".to_owned())),
    }
}

/// Runs a probe or a part of one in a new process; what it sees goes to `sink` as
/// it is seen. The process is gone when this returns; its children need not be. `late` is
/// called when it is out of time, before it is killed.
///
/// The caller has one thread: it forks.
pub(crate) fn run_apart(
    part: impl FnOnce(&mut Facts) -> Result<(), ProbeError>,
    deadline: Duration,
    late: &dyn Fn(),
    sink: &mut dyn FnMut(Fact),
) -> io::Result<Outcome> {
    let (hear, say) = pipe2(OFlag::O_CLOEXEC)?;
    // SAFETY: the caller has one thread, so the child may do anything.
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
            if outcome == Outcome::TimedOut {
                late();
            }
            // However it ended, it is over. An error says that it is gone already.
            let _ = kill(child, Signal::SIGKILL);
            let _ = wait_for(child);
            Ok(outcome)
        }
    }
}

/// The new process.
fn perform(part: impl FnOnce(&mut Facts) -> Result<(), ProbeError>, mut pipe: File) -> ! {
    // One write a line: a line is whole or not there.
    let mut say = move |said: Said| {
        let mut json = serde_json::to_vec(&said).unwrap_or_default();
        json.push(b'\n');
        let _ = pipe.write_all(&json);
    };
    let mut sink = |fact| say(Said::Saw(fact));
    let mut facts = Facts::new(&mut sink);
    // With `panic = "abort"` this never catches, and the host reads of a death by
    // SIGABRT.
    let part = panic::AssertUnwindSafe(|| part(&mut facts));
    let outcome = match panic::catch_unwind(part) {
        Ok(Ok(())) => Outcome::Completed,
        Ok(Err(ProbeError::NotApplicable(why))) => Outcome::NotApplicable(why),
        Ok(Err(ProbeError::Failed(why))) => Outcome::Failed(why),
        Err(_) => Outcome::Failed("the probe panicked".to_owned()),
    };
    say(Said::Ended(outcome));
    process::exit(0)
}

/// What has been heard of a process.
struct Hearing<'a> {
    pipe: File,
    /// The beginning of a line whose end is still to come.
    rest: Vec<u8>,
    /// How many bytes it has said.
    said: usize,
    sink: &'a mut dyn FnMut(Fact),
}

impl Hearing<'_> {
    /// Listens until the process says that it has ended, dies, or is out of time.
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
        let mut wait = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        let mut buffer = [0; 4096];
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
                // The pipe has no writer left: only the process's death is still to
                // come, and `listen` asks for that.
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
                Ok(Said::Saw(fact)) => (self.sink)(fact),
                Ok(Said::Ended(outcome)) => return Some(outcome),
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
