//! A machine that runs, and what is said on its console.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use guest::Record;
use guest::wire::Message;

use crate::console::Heard;
use crate::end::End;
use crate::listener::Listener;
use crate::{Machine, RunDir, Running, Transcript};

/// What is waited for, and until when.
pub(crate) struct Wait {
    name: String,
    pub(crate) until: Instant,
}

impl Wait {
    pub(crate) fn new(name: impl Into<String>, patience: Duration) -> Self {
        Self {
            name: name.into(),
            until: Instant::now() + patience,
        }
    }

    /// The end of a boot in which this did not come.
    pub(crate) fn in_vain(&self) -> End {
        End::Hung(format!("waited in vain for {}", self.name))
    }
}

/// A machine that runs until this is dropped.
pub(crate) struct Conversation {
    running: Running,
    listener: Listener,
    qemu_log: PathBuf,
    buffer: Vec<u8>,
    silent: bool,
    /// The end, where it came together with what was said before.
    over: Option<End>,
}

/// What comes next.
pub(crate) enum Turn {
    /// The guest said this, in this order; maybe nothing that is a message.
    Said(Vec<Message<Record>>),
    /// One of the other files can be read, by its number.
    Other(usize),
    /// Nothing: the deadline passed.
    Quiet,
    /// The end, other than by the guest's own word.
    Over(End),
}

impl Conversation {
    pub(crate) fn start(machine: &Machine, dir: &RunDir) -> Result<Self> {
        let qemu_log = dir.qemu_log();
        Ok(Self {
            running: machine.start(&qemu_log)?,
            listener: Listener::new(Transcript::create(&dir.console())?),
            qemu_log,
            buffer: vec![0; 64 << 10],
            silent: true,
            over: None,
        })
    }

    /// Waits for what comes next, until `deadline` at most or for as long as it
    /// takes.
    pub(crate) fn turn(
        &mut self,
        deadline: Option<Instant>,
        others: &[BorrowedFd<'_>],
    ) -> Result<Turn> {
        if let Some(end) = self.over.take() {
            return Ok(Turn::Over(end));
        }
        let deadline = self.listener.restarts_by().or(deadline);
        let console = &mut self.running.console;
        match console.read(&mut self.buffer, deadline, others)? {
            Heard::Bytes(length) => {
                self.silent = false;
                let (messages, over) = self
                    .listener
                    .hear(&self.buffer[..length])
                    .context("writing the transcript")?;
                self.over = over;
                let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
                if late && messages.is_empty() && self.over.is_none() {
                    // A console that never falls silent is no answer.
                    return Ok(self.nothing());
                }
                Ok(Turn::Said(messages))
            }
            Heard::Other(number) => Ok(Turn::Other(number)),
            Heard::Nothing => Ok(self.nothing()),
            Heard::End => {
                let status = self.running.wait()?;
                let complaint = std::fs::read_to_string(&self.qemu_log).unwrap_or_default();
                if self.silent && !complaint.is_empty() {
                    bail!("QEMU did not run ({status:?}): {}", complaint.trim());
                }
                Ok(Turn::Over(self.listener.console_ended()))
            }
        }
    }

    /// What comes where the deadline has passed.
    fn nothing(&self) -> Turn {
        match self.listener.did_not_restart() {
            Some(end) => Turn::Over(end),
            None => Turn::Quiet,
        }
    }

    /// Sends bytes to the guest.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.running.console.write(bytes)
    }

    /// Ends the machine; gives what its console held.
    pub(crate) fn finish(self) -> Result<Transcript> {
        drop(self.running);
        let mut transcript = self.listener.transcript;
        transcript.finish()?;
        Ok(transcript)
    }
}
