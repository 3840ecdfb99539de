//! A program, as its host follows it from its start to its end.

use std::fs::File;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use guest::wire::{Message, Stream};
use guest::{Order, Record, RunningKernel, Status};

use super::streams::{Destination, ProgramStreams};
use super::{Ending, Limits};
use crate::machine::{
    Dialogue, GRACE, GuestMessage, Network, ServedBytes, Task, Wait, excused, out_of_turn,
};
use crate::programs::disks::LazyDisks;
use crate::results::End;
use crate::system::{Interrupt, Window};

/// How long a guest may take to load modules before a program.
const LOADED_WITHIN: Duration = Duration::from_secs(120);

/// How far a program has come.
enum Phase {
    Starts(Wait),
    /// Until the program's time is up.
    Runs(Option<Instant>),
    Ends(Wait, Status),
    /// Files follow.
    Files(Wait, Status),
}

/// What may come besides the guest's words.
#[derive(Clone, Copy)]
pub(super) enum ProgramEvent {
    Interrupt,
    Window,
    Stdin,
    /// There is room for output again, or its reader is gone.
    Output,
}

/// What the machine is given once its guest asks.
pub(super) struct ToAttach<'a> {
    pub(super) modules: &'a dyn Fn() -> Result<File>,
    pub(super) network: Option<&'a Network>,
    pub(super) disks: &'a LazyDisks<'a>,
    pub(super) volume: Option<&'a Arc<dyn ServedBytes>>,
}

pub(super) struct ProgramTask<'a> {
    limits: Limits,
    phase: Phase,
    /// When the guest last said something.
    heard: Instant,
    /// How long it may be silent.
    silence: Option<Duration>,
    pub(super) kernel: Option<RunningKernel>,
    streams: ProgramStreams<'a>,
    interrupt: Option<&'a Interrupt>,
    window: Option<&'a Window>,
    to_attach: ToAttach<'a>,
}

impl<'a> ProgramTask<'a> {
    pub(super) fn new(
        limits: Limits,
        streams: ProgramStreams<'a>,
        interrupt: Option<&'a Interrupt>,
        window: Option<&'a Window>,
        to_attach: ToAttach<'a>,
    ) -> Self {
        Self {
            limits,
            phase: Phase::Starts(Wait::new("the program to start", GRACE)),
            heard: Instant::now(),
            silence: limits.silence,
            kernel: None,
            streams,
            interrupt,
            window,
            to_attach,
        }
    }

    /// Whether any of the output, or of the files, has arrived.
    pub(super) fn has_output(&self) -> bool {
        self.streams.has_arrived
    }

    /// Takes what is still in the memory that a lost machine has shared.
    pub(super) fn carry_rest(&mut self, dialogue: &mut Dialogue) -> Result<()> {
        // The word that the program runs does not leave a kernel that panics at once.
        if self.kernel.is_some() && matches!(self.phase, Phase::Starts(_)) {
            self.streams.begin(true, dialogue);
        }
        self.carry_to(Destination::WholeOutput, dialogue).map(drop)
    }

    /// Takes what there is out of shared memory. Returns the end, if it is one; else whether
    /// there may be more.
    fn carry_to(
        &mut self,
        to: Destination,
        dialogue: &mut Dialogue,
    ) -> Result<ControlFlow<Ending, bool>> {
        // The files are the guest's last.
        let (is_files, to) = match (&self.phase, self.streams.files) {
            (Phase::Files(..), Some(_)) => (true, Destination::Files),
            _ => (false, to),
        };
        let part = match self.streams.carry(to, dialogue)? {
            ControlFlow::Continue(part) => part,
            ControlFlow::Break(ending) => return Ok(ControlFlow::Break(ending)),
        };
        if part.any {
            self.heard = Instant::now();
            if is_files {
                self.files_follow();
            }
        }
        Ok(ControlFlow::Continue(part.more))
    }

    /// Each part of the files gives the guest time for the next one.
    fn files_follow(&mut self) {
        if let Phase::Ends(_, status) | Phase::Files(_, status) = self.phase {
            self.phase = Phase::Files(Wait::new("the files that are wanted", GRACE), status);
        }
    }

    /// The program has ended, or the files are there.
    fn ends(&mut self, status: Status) {
        self.phase = Phase::Ends(Wait::new("the guest to finish", GRACE), status);
    }

    fn runs(&self) -> bool {
        matches!(self.phase, Phase::Runs(_))
    }

    /// Gives the machine the modules, and its network, disks and volume. To obtain the modules
    /// may take time, which is not the guest's.
    fn attach(&mut self, dialogue: &mut Dialogue) -> Result<()> {
        let since = Instant::now();
        let ToAttach {
            modules,
            network,
            disks,
            volume,
        } = &self.to_attach;
        dialogue.attach_modules(modules)?;
        if !dialogue.has_devices() {
            dialogue.attach_devices(*network, disks.get()?, *volume)?;
        }
        self.heard = Instant::now();
        match &mut self.phase {
            Phase::Runs(Some(until)) => *until += since.elapsed(),
            Phase::Starts(wait) => *wait = Wait::new("the modules to be loaded", LOADED_WITHIN),
            _ => {}
        }
        self.streams.order(&Order::Rescan, dialogue)
    }

    fn take_bytes(&mut self, stream: Stream, bytes: &[u8]) -> Result<Option<Ending>> {
        match self.phase {
            Phase::Runs(_) => self.streams.bytes(stream, bytes, Destination::WholeOutput),
            Phase::Files(..) if stream == Stream::Stdout => {
                let ending = self.streams.bytes(stream, bytes, Destination::Files)?;
                self.files_follow();
                Ok(ending)
            }
            _ => {
                let message = Message::Bytes(stream, bytes.to_vec());
                Ok(Some(out_of_turn(&message).into()))
            }
        }
    }

    fn take_record(&mut self, record: Record, dialogue: &mut Dialogue) -> Result<Option<Ending>> {
        match (record, &self.phase) {
            (Record::ProgramStarted { terminal, shared }, Phase::Starts(_)) => {
                self.streams.begin(shared, dialogue);
                let started = self.streams.output.started(terminal);
                started.context("preparing the terminal")?;
                let until = self.limits.program.map(|limit| Instant::now() + limit);
                self.phase = Phase::Runs(until);
            }
            (Record::Taken { sequence }, Phase::Runs(_)) => self.streams.input.taken(sequence),
            (Record::StdinClosed, Phase::Runs(_)) => self.streams.input.close(),
            (Record::Alive, Phase::Runs(_)) => {}
            (Record::ProgramRefused { why, missing }, Phase::Starts(_)) => {
                return Ok(Some(Ending::Refused(why, missing)));
            }
            (Record::NotApplicable { why }, Phase::Starts(_)) => {
                return Ok(Some(Ending::NotApplicable(why)));
            }
            (
                Record::ProgramEnded {
                    status,
                    whole,
                    carried,
                },
                Phase::Runs(_),
            ) => {
                let carried_on = self.carry_to(Destination::WholeOutput, dialogue)?;
                if let ControlFlow::Break(ending) = carried_on {
                    return Ok(Some(ending));
                }
                if let Some(ending) = self.streams.end(carried, dialogue) {
                    return Ok(Some(ending));
                }
                if !whole {
                    return Ok(Some(Ending::Lost(End::Broken(format!(
                        "the program ended ({status}), but something that it has left behind \
                         cannot be killed and holds its output open: some of that may be missing"
                    )))));
                }
                self.ends(status);
            }
            (Record::ModulesWanted, Phase::Starts(_) | Phase::Runs(_)) => self.attach(dialogue)?,
            (Record::FilesFollow, Phase::Ends(..)) if self.streams.files.is_some() => {
                self.streams.go_on(dialogue);
                self.files_follow();
                self.streams.order(&Order::GoOn, dialogue)?;
            }
            (Record::Alive, Phase::Files(..)) => self.files_follow(),
            (Record::FilesEnd { carried }, &Phase::Files(_, status)) => {
                let carried_on = self.carry_to(Destination::Files, dialogue)?;
                if let ControlFlow::Break(ending) = carried_on {
                    return Ok(Some(ending));
                }
                if let Some(ending) = self.streams.end(carried, dialogue) {
                    return Ok(Some(ending));
                }
                self.ends(status);
            }
            (Record::Finished { .. }, &Phase::Ends(_, status)) => {
                return Ok(Some(Ending::Ended(status)));
            }
            (record, _) => return Ok(Some(out_of_turn(&Message::Record(record)).into())),
        }
        Ok(None)
    }
}

impl Task for ProgramTask<'_> {
    type Ending = Ending;
    type Awaited = ProgramEvent;

    fn up(&mut self, kernel: RunningKernel, _after: Duration) {
        self.kernel = Some(kernel);
        self.phase = Phase::Starts(Wait::new("the program to start", GRACE));
    }

    fn carry(&mut self, dialogue: &mut Dialogue) -> Result<ControlFlow<Ending, bool>> {
        self.carry_to(Destination::Output, dialogue)
    }

    fn awaited(&self) -> Vec<(BorrowedFd<'_>, ProgramEvent)> {
        let runs = self.runs();
        let paused = self.keeps_guest_waiting();
        let window = self.window.filter(|_| runs).map(AsFd::as_fd);
        let stdin = self.streams.coming_input();
        let sources = [
            (
                self.streams.output.full().filter(|_| runs),
                ProgramEvent::Output,
            ),
            (self.interrupt.map(AsFd::as_fd), ProgramEvent::Interrupt),
            (window, ProgramEvent::Window),
            (stdin.filter(|_| runs && !paused), ProgramEvent::Stdin),
        ];
        let sources = sources.into_iter();
        sources
            .filter_map(|(file, event)| Some((file?, event)))
            .collect()
    }

    fn until(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Starts(wait) | Phase::Ends(wait, _) | Phase::Files(wait, _) => Some(wait.until),
            // A guest that cannot be heard is not silent.
            Phase::Runs(until) if self.keeps_guest_waiting() => *until,
            // None for an interactive session under gdb.
            Phase::Runs(until) => {
                let silence = self.silence.map(|silence| self.heard + silence);
                [*until, silence].into_iter().flatten().min()
            }
        }
    }

    fn keeps_guest_waiting(&self) -> bool {
        self.runs() && self.streams.output.full().is_some()
    }

    fn guest_has_waited(&mut self) {
        self.heard = Instant::now();
    }

    fn is_out_of_time(&self) -> bool {
        matches!(self.phase, Phase::Runs(Some(until)) if Instant::now() >= until)
    }

    fn take(&mut self, said: GuestMessage, dialogue: &mut Dialogue) -> Result<Option<Ending>> {
        self.heard = Instant::now();
        match said.message {
            Message::Record(record) => self.take_record(record, dialogue),
            Message::Bytes(stream, bytes) => self.take_bytes(stream, &bytes),
        }
    }

    fn has_come(&mut self, event: ProgramEvent, dialogue: &mut Dialogue) -> Result<Option<Ending>> {
        match event {
            ProgramEvent::Interrupt => return Ok(Some(Ending::Interrupted)),
            // The next turn sees whether there is room.
            ProgramEvent::Output => {}
            ProgramEvent::Window => {
                if let Some(size) = self.window.and_then(Window::changed) {
                    self.streams.order(&Order::Resize(size), dialogue)?;
                }
            }
            ProgramEvent::Stdin => return self.streams.feed(dialogue),
        }
        Ok(None)
    }

    fn overdue(&mut self, kept_waiting: Duration) -> Option<Ending> {
        let silence = self.limits.silence;
        self.silence = silence.map(|silence| excused(silence, kept_waiting));
        let now = Instant::now();
        match (&mut self.phase, self.limits.program) {
            (Phase::Starts(wait) | Phase::Ends(wait, _) | Phase::Files(wait, _), _) => {
                wait.overdue(kept_waiting).map(Ending::from)
            }
            (Phase::Runs(Some(until)), Some(limit)) if now >= *until => {
                Some(Ending::TimedOut(limit))
            }
            (Phase::Runs(_), _) => {
                let is_over = |silence: &Duration| now >= self.heard + *silence;
                let silence = self.silence.filter(is_over)?.as_secs();
                let what = format!("the guest has said nothing for {silence} s");
                Some(Ending::Lost(End::Hung(what)))
            }
        }
    }
}
