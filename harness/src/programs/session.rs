//! One run of a program, from the boot of the kernel to the exit status.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use guest::ring::{BELL, RING_BYTES, Scribbled};
use guest::wire::{Message, Stream};
use guest::{Carried, Order, Record, RunningKernel, Status};

use super::disks::LazyDisks;
use super::input_frames::{Coming, InputFrames, InputRead};
use super::output::Output;
use crate::machine::{
    Dialogue, GRACE, HostRings, Machine, Network, ServedBytes, Turn, Wait, again_if, excused,
    hosts_fault,
};
use crate::results::End;
use crate::system::{CONSOLE, Drained, Interrupt, RunDir, Window, words};

/// How long the reader may pause after a run that ended badly.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a guest may take to load modules before a program.
const LOADED_WITHIN: Duration = Duration::from_secs(120);
/// How many lines of a console are shown where a run ended badly.
const LAST_LINES: usize = 12;
/// How many bytes of files are taken of a guest, which may send for ever.
const MOST_FILES: usize = 1 << 30;
/// What is done where it may fail.
const KEEPING: &str = "keeping the files that are wanted";
/// How many bytes of a stream are carried at a time.
const PART: usize = 64 << 10;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the start of QEMU to the guest's first record.
    pub boot: Duration,
    /// From the program's start to its end, in wall-clock time; none for an interactive
    /// session.
    pub program: Option<Duration>,
    /// How long a guest may be silent before it counts as hung; none with a debugger,
    /// which may stop it.
    pub silence: Option<Duration>,
}

/// What a run needs.
pub struct Session<'a> {
    /// The machine, whose initramfs holds the program.
    pub machine: &'a Machine,
    /// The directory for its console.
    pub dir: &'a RunDir,
    /// How long it may take.
    pub limits: Limits,
    /// Input that comes later than what is in the initramfs.
    pub input: Option<Coming>,
    /// The interrupt that ends the run early.
    pub interrupt: Option<&'a Interrupt>,
    /// The terminal whose size is the program's.
    pub window: Option<&'a Window>,
    /// Where the archive of the files goes that the program's job wants.
    pub files: Option<&'a File>,
    /// Gives the file with the kernel's modules, once the guest asks for it.
    pub modules: &'a dyn Fn() -> Result<File>,
    /// The network of the machine, if the program's job has one.
    pub network: Option<&'a Network>,
    /// The disks of the machine.
    pub(super) disks: &'a LazyDisks<'a>,
    /// The volume of the machine, if the program's files are in one.
    pub(super) volume: Option<&'a Arc<dyn ServedBytes>>,
    /// The machine that an earlier session has left, and where this one leaves its own
    /// if it takes further programs.
    pub(super) standing: Option<&'a mut Standing>,
}

/// A machine that takes programs one after another; none before the first.
#[derive(Default)]
pub(crate) struct Standing(Option<Dialogue>);

impl Standing {
    /// Whether there is a machine, with its devices.
    pub(super) fn has_devices(&self) -> bool {
        self.0.as_ref().is_some_and(Dialogue::has_devices)
    }
}

/// The result of a run.
#[derive(Debug)]
pub struct Ran {
    /// The kernel that ran, if the guest came up.
    pub kernel: Option<RunningKernel>,
    /// How it ended.
    pub ending: Ending,
    /// The reason for each repeated boot: a panic that is the host's fault.
    pub retries: Vec<String>,
    /// The last lines of the console.
    pub last_lines: Vec<String>,
    /// How long it took, from the start of QEMU.
    pub took: Duration,
    /// The path of its console, if the program did not end by itself; or why it could
    /// not be kept.
    pub console: Option<Result<PathBuf, String>>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The program ended.
    Ended(Status),
    /// It could not be executed: the kernel's words, and whether it is missing.
    Refused(String, bool),
    /// It was not started: the kernel or its machine lacks this, which it needs.
    NotApplicable(String),
    /// The program did not end in this time.
    TimedOut(Duration),
    /// It was interrupted.
    Interrupted,
    /// The reader of its output is gone.
    OutputClosed,
    /// The machine ended first, or fell silent.
    Lost(End),
}

impl Session<'_> {
    /// Runs the program. The machine is gone when this returns.
    ///
    /// # Errors
    /// If QEMU does not run, input cannot be read, or output cannot be written.
    pub fn run(self, output: &mut dyn Output) -> Result<Ran> {
        let started = Instant::now();
        let mut input = InputFrames::new(self.input);
        let mut retries = Vec::new();
        let mut standing = self.standing;
        let (kernel, ending, _, transcript, dir) = again_if(
            self.dir,
            &mut retries,
            |dir| {
                let stood = standing.as_mut().and_then(|standing| standing.0.take());
                let stands = stood.is_some();
                let mut dialogue = match (stood, &self.machine.parcel) {
                    (Some(mut dialogue), Some(parcel)) => {
                        dialogue.next_job(parcel)?;
                        dialogue
                    }
                    _ => Dialogue::start(self.machine, dir)?,
                };
                let mut program = ProgramDialogue {
                    limits: self.limits,
                    dialogue: &mut dialogue,
                    phase: Phase::Boots(Wait::new("the guest to come up", self.limits.boot)),
                    heard: Instant::now(),
                    silence: self.limits.silence,
                    kernel: None,
                    rings: None,
                    shared: false,
                    buffer: vec![0; PART],
                    input: &mut input,
                    interrupt: self.interrupt,
                    window: self.window,
                    files: self.files,
                    modules: self.modules,
                    network: self.network,
                    disks: self.disks,
                    volume: self.volume,
                    files_left: MOST_FILES,
                };
                let ending = program.hold(output)?;
                let kernel = program.kernel;
                if matches!(ending, Ending::TimedOut(_) | Ending::Lost(End::Hung(_))) {
                    dialogue.diagnose(dir);
                }
                let goes_on = matches!(
                    ending,
                    Ending::Ended(_) | Ending::Refused(..) | Ending::NotApplicable(_)
                );
                let transcript = match &mut standing {
                    Some(standing) if goes_on && dialogue.takes_jobs() => {
                        standing.0 = Some(dialogue);
                        None
                    }
                    _ => Some(dialogue.finish()?),
                };
                Ok((kernel, ending, stands, transcript, dir.clone()))
            },
            |(kernel, ending, stands, ..)| match ending {
                Ending::Lost(End::Broken(why)) if *stands && kernel.is_none() => Some(why.clone()),
                Ending::Lost(_) if *stands && kernel.is_none() => {
                    Some("the machine that stood had ended".to_owned())
                }
                Ending::Lost(end) => hosts_fault(kernel.as_ref(), end),
                _ => None,
            },
        )?;
        // The machine is gone, but a slow reader still gets all of the output.
        let ending = deliver(ending, output, self.limits.program, self.interrupt)?;
        let console = match (&ending, &transcript) {
            (Ending::Lost(_) | Ending::TimedOut(_), Some(transcript)) => {
                let kept = dir.keep(CONSOLE, transcript.file());
                Some(kept.map_err(|error| words(&error)))
            }
            _ => None,
        };
        Ok(Ran {
            kernel,
            ending,
            retries,
            last_lines: transcript
                .map_or_else(Vec::new, |transcript| transcript.last_lines(LAST_LINES)),
            took: started.elapsed(),
            console,
        })
    }
}

/// Waits until the output is read. A reader may be slow, but not pause for longer than
/// the program may take.
fn deliver(
    ending: Ending,
    output: &mut dyn Output,
    limit: Option<Duration>,
    interrupt: Option<&Interrupt>,
) -> Result<Ending> {
    if !matches!(ending, Ending::Ended(_)) {
        // How the run ended counts, not whether its output was read.
        let _ = output.finish(Some(FAREWELL), None);
        return Ok(ending);
    }
    match output.finish(limit, interrupt) {
        Ok(Drained::All) => Ok(ending),
        Ok(Drained::Late) => Ok(Ending::TimedOut(limit.unwrap_or_default())),
        Ok(Drained::Interrupted) => Ok(Ending::Interrupted),
        Err(error) => not_taken(error),
    }
}

/// How a run ends whose output cannot be written.
fn not_taken(error: io::Error) -> Result<Ending> {
    if error.kind() == ErrorKind::BrokenPipe {
        return Ok(Ending::OutputClosed);
    }
    Err(error).context("writing the program's output")
}

/// How far a run has come.
enum Phase {
    Boots(Wait),
    Starts(Wait),
    /// Until the program's time is up.
    Runs(Option<Instant>),
    Ends(Wait, Status),
    /// Files follow.
    Files(Wait, Status),
}

/// What may become ready besides the console.
#[derive(Clone, Copy)]
enum Awaited {
    Interrupt,
    Window,
    Stdin,
    /// Output: there is room again, or its reader is gone.
    Output,
}

struct ProgramDialogue<'a> {
    limits: Limits,
    dialogue: &'a mut Dialogue,
    phase: Phase,
    /// When the guest last said something.
    heard: Instant,
    /// How long it may be silent.
    silence: Option<Duration>,
    kernel: Option<RunningKernel>,
    /// The streams, if they are carried by shared memory.
    rings: Option<HostRings>,
    /// Whether they are.
    shared: bool,
    buffer: Vec<u8>,
    input: &'a mut InputFrames,
    interrupt: Option<&'a Interrupt>,
    window: Option<&'a Window>,
    files: Option<&'a File>,
    modules: &'a dyn Fn() -> Result<File>,
    network: Option<&'a Network>,
    disks: &'a LazyDisks<'a>,
    volume: Option<&'a Arc<dyn ServedBytes>>,
    /// How many bytes of them are still taken.
    files_left: usize,
}

impl ProgramDialogue<'_> {
    fn hold(&mut self, output: &mut dyn Output) -> Result<Ending> {
        let ending = self.converse(output)?;
        if matches!(ending, Ending::Lost(_)) {
            // What the program wrote before is still in the memory.
            let _ = self.carry(output, true)?;
        }
        Ok(ending)
    }

    fn converse(&mut self, output: &mut dyn Output) -> Result<Ending> {
        loop {
            let more = match self.carry(output, false)? {
                ControlFlow::Continue(more) => more,
                ControlFlow::Break(ending) => return Ok(ending),
            };
            // A guest that never pauses must not outlive its deadline.
            if self.time_is_up()
                && let Some(ending) = self.patience_is_over()
            {
                return Ok(ending);
            }
            let (turn, sources) = self.turn(&*output, more)?;
            match turn {
                Turn::Said(messages) => {
                    for said in messages {
                        if let Some(ending) = self.take(said.message, output)? {
                            return Ok(ending);
                        }
                    }
                }
                Turn::Other(number) => match sources[number] {
                    Awaited::Interrupt => return Ok(Ending::Interrupted),
                    // The next turn sees whether there is room.
                    Awaited::Output => {}
                    Awaited::Window => {
                        if let Some(size) = self.window.and_then(Window::changed) {
                            let order = self.input.order(self.dialogue.key(), &Order::Resize(size));
                            self.send(&order)?;
                        }
                    }
                    Awaited::Stdin => {
                        if let Some(ending) = self.feed()? {
                            return Ok(ending);
                        }
                    }
                },
                Turn::Quiet => {
                    if let Some(ending) = self.patience_is_over() {
                        return Ok(ending);
                    }
                }
                Turn::Over(end) => return Ok(Ending::Lost(end)),
            }
        }
    }

    /// Takes output out of shared memory: as long as there is room for it here, or all of
    /// it. Says whether there may be more.
    fn carry(&mut self, output: &mut dyn Output, all: bool) -> Result<ControlFlow<Ending, bool>> {
        let Some(rings) = &mut self.rings else {
            return Ok(ControlFlow::Continue(false));
        };
        let mut more = false;
        let mut files = match &self.phase {
            Phase::Files(..) => self.files,
            _ => None,
        };
        let all = all || files.is_some();
        for stream in [Stream::Stdout, Stream::Stderr] {
            // No more than a ring holds: something else may have happened meanwhile.
            let mut carried = 0;
            loop {
                if carried >= RING_BYTES || !all && output.full().is_some() {
                    more = true;
                    break;
                }
                let moved = match rings.take(stream, &mut self.buffer) {
                    Ok(moved) => moved,
                    Err(scribbled) => return Ok(ControlFlow::Break(garbled(scribbled))),
                };
                if moved.bytes == 0 {
                    break;
                }
                if moved.bell {
                    self.dialogue
                        .send(&[BELL])
                        .context("writing to the console")?;
                }
                carried += moved.bytes;
                self.heard = Instant::now();
                let bytes = &self.buffer[..moved.bytes];
                if let Some(files) = &mut files {
                    match self.files_left.checked_sub(bytes.len()) {
                        Some(left) => self.files_left = left,
                        None => return Ok(ControlFlow::Break(too_many())),
                    }
                    files.write_all(bytes).context(KEEPING)?;
                } else if let Err(error) = output.bytes(stream, bytes) {
                    return not_taken(error).map(ControlFlow::Break);
                }
            }
        }
        if let (Some(_), Phase::Files(_, status)) = (files, &self.phase) {
            self.phase = files_follow(*status);
        }
        Ok(ControlFlow::Continue(more))
    }

    /// Gives the guest input that has come. Returns the end, if that cannot be.
    fn feed(&mut self) -> Result<Option<Ending>> {
        const READING: &str = "reading the program's input";
        let Some(rings) = &mut self.rings else {
            let frame = self.input.frame(self.dialogue.key()).context(READING)?;
            self.send(&frame.unwrap_or_default())?;
            return Ok(None);
        };
        let most = match rings.room() {
            Ok(0) => return Ok(None),
            Ok(room) => room.min(self.buffer.len()),
            Err(scribbled) => return Ok(Some(garbled(scribbled))),
        };
        let read = self.input.read(&mut self.buffer[..most]).context(READING)?;
        match read {
            InputRead::Nothing => {}
            InputRead::Bytes(length) => match rings.put(&self.buffer[..length]) {
                Ok(true) => self.send(&[BELL])?,
                Ok(false) => {}
                Err(scribbled) => return Ok(Some(garbled(scribbled))),
            },
            InputRead::End => {
                let order = self.input.order(self.dialogue.key(), &Order::EndOfStdin);
                self.send(&order)?;
            }
        }
        Ok(None)
    }

    /// Waits for the guest, or for another source: `Turn::Other` is an index of the
    /// returned list. Only looks if there is `more` to do.
    fn turn(&mut self, output: &dyn Output, more: bool) -> Result<(Turn, Vec<Awaited>)> {
        let runs = matches!(self.phase, Phase::Runs(_));
        let full = output.full().filter(|_| runs);
        let paused = full.is_some();
        let deadline = match &self.phase {
            // The guest cannot be heard, so it is not silent.
            Phase::Runs(until) if paused => *until,
            _ if more => Some(Instant::now()),
            _ => self.deadline(),
        };
        let stdin = match &self.rings {
            Some(rings) => self.input.source().filter(|_| rings.room() != Ok(0)),
            None => self.input.wanted(),
        };
        let sources: [(Option<BorrowedFd<'_>>, Awaited); 4] = [
            (full, Awaited::Output),
            (self.interrupt.map(AsFd::as_fd), Awaited::Interrupt),
            (
                self.window.filter(|_| runs).map(AsFd::as_fd),
                Awaited::Window,
            ),
            (stdin.filter(|_| runs && !paused), Awaited::Stdin),
        ];
        let (files, sources): (Vec<_>, Vec<_>) = sources
            .into_iter()
            .filter_map(|(file, source)| Some((file?, source)))
            .unzip();
        let turn = if paused {
            let turn = self.dialogue.pause(deadline, &files)?;
            self.heard = Instant::now();
            turn
        } else {
            self.dialogue.turn(deadline, &files)?
        };
        Ok((turn, sources))
    }

    /// The next deadline; none for an interactive session under gdb.
    fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Boots(wait)
            | Phase::Starts(wait)
            | Phase::Ends(wait, _)
            | Phase::Files(wait, _) => Some(wait.until),
            Phase::Runs(until) => {
                let silence = self.silence.map(|silence| self.heard + silence);
                [*until, silence].into_iter().flatten().min()
            }
        }
    }

    /// Whether the program has run for as long as it may.
    fn time_is_up(&self) -> bool {
        matches!(self.phase, Phase::Runs(Some(until)) if Instant::now() >= until)
    }

    /// The end, if a deadline has passed.
    fn patience_is_over(&mut self) -> Option<Ending> {
        let kept_waiting = self.dialogue.kept_waiting();
        let silence = self.limits.silence;
        self.silence = silence.map(|silence| excused(silence, kept_waiting));
        let now = Instant::now();
        match (&mut self.phase, self.limits.program) {
            (
                Phase::Boots(wait)
                | Phase::Starts(wait)
                | Phase::Ends(wait, _)
                | Phase::Files(wait, _),
                _,
            ) => (!wait.goes_on(kept_waiting)).then(|| Ending::Lost(wait.expired())),
            (Phase::Runs(Some(until)), Some(limit)) if now >= *until => {
                Some(Ending::TimedOut(limit))
            }
            (Phase::Runs(_), _) => {
                let silence = self
                    .silence
                    .filter(|silence| now >= self.heard + *silence)?;
                let silence = silence.as_secs();
                let what = format!("the guest has said nothing for {silence} s");
                Some(Ending::Lost(End::Hung(what)))
            }
        }
    }

    /// Takes a message of the guest. Returns the end, if it is one.
    fn take(
        &mut self,
        message: Message<Record>,
        output: &mut dyn Output,
    ) -> Result<Option<Ending>> {
        self.heard = Instant::now();
        let record = match (message, &self.phase) {
            (Message::Record(record), _) => record,
            (Message::Bytes(stream, bytes), Phase::Runs(_)) => {
                return match output.bytes(stream, &bytes) {
                    Ok(()) => Ok(None),
                    Err(error) => not_taken(error).map(Some),
                };
            }
            (Message::Bytes(Stream::Stdout, bytes), Phase::Files(_, status))
                if let Some(mut files) = self.files =>
            {
                let Some(left) = self.files_left.checked_sub(bytes.len()) else {
                    return Ok(Some(too_many()));
                };
                self.files_left = left;
                files.write_all(&bytes).context(KEEPING)?;
                self.phase = files_follow(*status);
                return Ok(None);
            }
            (message, _) => return Ok(Some(out_of_turn(&message))),
        };
        match (record, &self.phase) {
            (Record::Booted { kernel }, Phase::Boots(_)) => {
                self.kernel = Some(kernel);
                self.phase = Phase::Starts(Wait::new("the program to start", GRACE));
            }
            (Record::ProgramStarted { terminal, shared }, Phase::Starts(_)) => {
                self.shared = shared;
                self.rings = self.dialogue.take_rings().filter(|_| shared);
                output.started(terminal).context("preparing the terminal")?;
                let until = self.limits.program.map(|limit| Instant::now() + limit);
                self.phase = Phase::Runs(until);
            }
            (Record::Taken { sequence }, Phase::Runs(_)) => self.input.taken(sequence),
            (Record::StdinClosed, Phase::Runs(_)) => self.input.close(),
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
                if let ControlFlow::Break(ending) = self.carry(output, true)? {
                    return Ok(Some(ending));
                }
                if let Some(what) = self.differs(carried) {
                    return Ok(Some(Ending::Lost(End::Garbled(what))));
                }
                // What comes after what was compared is not the program's.
                self.dialogue.give_rings(self.rings.take());
                if !whole {
                    return Ok(Some(Ending::Lost(End::Broken(format!(
                        "the program ended ({status}), but something that it has left behind \
                         cannot be killed and holds its output open: some of that may be missing"
                    )))));
                }
                self.phase = Phase::Ends(Wait::new("the guest to finish", GRACE), status);
            }
            (Record::ModulesWanted, Phase::Starts(_) | Phase::Runs(_)) => self.attach_modules()?,
            (Record::FilesFollow, Phase::Ends(_, status)) if self.files.is_some() => {
                self.rings = self.dialogue.take_rings().filter(|_| self.shared);
                self.phase = files_follow(*status);
                let order = self.input.order(self.dialogue.key(), &Order::GoOn);
                self.send(&order)?;
            }
            (Record::Alive, Phase::Files(_, status)) => self.phase = files_follow(*status),
            (Record::FilesEnd { carried }, Phase::Files(_, status)) => {
                let status = *status;
                if let ControlFlow::Break(ending) = self.carry(output, true)? {
                    return Ok(Some(ending));
                }
                if let Some(what) = self.differs(carried) {
                    return Ok(Some(Ending::Lost(End::Garbled(what))));
                }
                self.dialogue.give_rings(self.rings.take());
                self.phase = Phase::Ends(Wait::new("the guest to finish", GRACE), status);
            }
            (Record::Finished { .. }, Phase::Ends(_, status)) => {
                return Ok(Some(Ending::Ended(*status)));
            }
            (Record::Changed { what }, Phase::Boots(_)) => {
                let why = format!("an earlier program had changed {what}");
                return Ok(Some(Ending::Lost(End::Broken(why))));
            }
            (Record::Garbled { what }, _) => return Ok(Some(Ending::Lost(End::Garbled(what)))),
            (Record::Broken { why }, _) => return Ok(Some(Ending::Lost(End::Broken(why)))),
            (record, _) => return Ok(Some(out_of_turn(&Message::Record(record)))),
        }
        Ok(None)
    }

    /// Gives the machine the modules, and its network, disks and volume. To obtain the modules
    /// may take time, which is not the guest's.
    fn attach_modules(&mut self) -> Result<()> {
        let since = Instant::now();
        self.dialogue.attach_modules(self.modules)?;
        if !self.dialogue.has_devices() {
            let disks = self.disks.get()?;
            self.dialogue
                .attach_devices(self.network, disks, self.volume)?;
        }
        self.heard = Instant::now();
        match &mut self.phase {
            Phase::Runs(Some(until)) => *until += since.elapsed(),
            Phase::Starts(wait) => *wait = Wait::new("the modules to be loaded", LOADED_WITHIN),
            _ => {}
        }
        let order = self.input.order(self.dialogue.key(), &Order::Rescan);
        self.send(&order)
    }

    /// What is wrong with the streams that the guest says it has carried, if anything is.
    fn differs(&mut self, carried: Option<[Carried; 3]>) -> Option<String> {
        match (&mut self.rings, carried) {
            (None, None) => None,
            (Some(rings), Some(carried)) => rings.differs(&carried).map(|stream| {
                let stream = stream.name();
                format!(
                    "{stream} arrived with other bytes than were sent: something in the guest has \
                     written to its shared memory"
                )
            }),
            _ => Some("the guest carries streams by another way than it said".to_owned()),
        }
    }

    fn send(&mut self, frame: &[u8]) -> Result<()> {
        self.dialogue.send(frame).context("writing to the console")
    }
}

/// Each part of the files gives the guest time for the next one.
fn files_follow(status: Status) -> Phase {
    Phase::Files(Wait::new("the files that are wanted", GRACE), status)
}

fn too_many() -> Ending {
    let why = "the files that are wanted have over 1 GiB: name fewer with --out";
    Ending::Lost(End::Broken(why.to_owned()))
}

fn garbled(scribbled: Scribbled) -> Ending {
    Ending::Lost(End::Garbled(scribbled.to_string()))
}

fn out_of_turn(message: &Message<Record>) -> Ending {
    Ending::Lost(End::Garbled(format!("a message out of turn: {message:?}")))
}
