//! One run of a program, from the boot of the kernel to the exit status.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use guest::wire::Message;
use guest::{Order, Record, RunningKernel, Status};

use super::input_frames::{Coming, InputFrames};
use super::output::Output;
use crate::machine::{Dialogue, GRACE, Machine, Turn, Wait, again_if, excused, hosts_fault};
use crate::results::End;
use crate::system::{CONSOLE, Drained, Interrupt, RunDir, Window, words};

/// How long the reader may pause after a run that ended badly.
const FAREWELL: Duration = Duration::from_secs(1);
/// How many lines of a console are shown where a run ended badly.
const LAST_LINES: usize = 12;

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
        let (kernel, ending, transcript, dir) = again_if(
            self.dir,
            &mut retries,
            |dir| {
                let mut dialogue = Dialogue::start(self.machine, dir)?;
                let mut program = ProgramDialogue {
                    limits: self.limits,
                    dialogue: &mut dialogue,
                    phase: Phase::Boots(Wait::new("the guest to come up", self.limits.boot)),
                    heard: Instant::now(),
                    silence: self.limits.silence,
                    kernel: None,
                    input: &mut input,
                    interrupt: self.interrupt,
                    window: self.window,
                };
                let ending = program.hold(output)?;
                let kernel = program.kernel;
                Ok((kernel, ending, dialogue.finish()?, dir.clone()))
            },
            |(kernel, ending, ..)| match ending {
                Ending::Lost(end) => hosts_fault(kernel.as_ref(), end),
                _ => None,
            },
        )?;
        // The machine is gone, but a slow reader still gets all of the output.
        let ending = deliver(ending, output, self.limits.program, self.interrupt)?;
        let console = match ending {
            Ending::Lost(_) | Ending::TimedOut(_) => {
                let kept = dir.keep(CONSOLE, transcript.file());
                Some(kept.map_err(|error| words(&error)))
            }
            _ => None,
        };
        Ok(Ran {
            kernel,
            ending,
            retries,
            last_lines: transcript.last_lines(LAST_LINES),
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
    input: &'a mut InputFrames,
    interrupt: Option<&'a Interrupt>,
    window: Option<&'a Window>,
}

impl ProgramDialogue<'_> {
    fn hold(&mut self, output: &mut dyn Output) -> Result<Ending> {
        loop {
            let (turn, sources) = self.turn(&*output)?;
            match turn {
                Turn::Said(messages) => {
                    for said in messages {
                        if let Some(ending) = self.take(said.message, output)? {
                            return Ok(ending);
                        }
                    }
                    // A guest that never pauses must not outlive its deadline.
                    if self.time_is_up()
                        && let Some(ending) = self.patience_is_over()
                    {
                        return Ok(ending);
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
                        let frame = self.input.frame(self.dialogue.key());
                        let frame = frame.context("reading the program's input")?;
                        self.send(&frame.unwrap_or_default())?;
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

    /// Waits for the guest, or for another source: `Turn::Other` is an index of the
    /// returned list.
    fn turn(&mut self, output: &dyn Output) -> Result<(Turn, Vec<Awaited>)> {
        let runs = matches!(self.phase, Phase::Runs(_));
        let full = output.full().filter(|_| runs);
        let paused = full.is_some();
        let deadline = match &self.phase {
            // The guest cannot be heard, so it is not silent.
            Phase::Runs(until) if paused => *until,
            _ => self.deadline(),
        };
        let sources: [(Option<BorrowedFd<'_>>, Awaited); 4] = [
            (full, Awaited::Output),
            (self.interrupt.map(AsFd::as_fd), Awaited::Interrupt),
            (
                self.window.filter(|_| runs).map(AsFd::as_fd),
                Awaited::Window,
            ),
            (
                self.input.wanted().filter(|_| runs && !paused),
                Awaited::Stdin,
            ),
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
            Phase::Boots(wait) | Phase::Starts(wait) | Phase::Ends(wait, _) => Some(wait.until),
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
            (Phase::Boots(wait) | Phase::Starts(wait) | Phase::Ends(wait, _), _) => {
                (!wait.goes_on(kept_waiting)).then(|| Ending::Lost(wait.expired()))
            }
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
            (message, _) => return Ok(Some(out_of_turn(&message))),
        };
        match (record, &self.phase) {
            (Record::Booted { kernel }, Phase::Boots(_)) => {
                self.kernel = Some(kernel);
                self.phase = Phase::Starts(Wait::new("the program to start", GRACE));
            }
            (Record::ProgramStarted { terminal }, Phase::Starts(_)) => {
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
            (Record::ProgramEnded { status, whole }, Phase::Runs(_)) if !whole => {
                return Ok(Some(Ending::Lost(End::Broken(format!(
                    "the program ended ({status}), but something that it has left behind cannot \
                     be killed and holds its output open: some of that may be missing"
                )))));
            }
            (Record::ProgramEnded { status, .. }, Phase::Runs(_)) => {
                self.phase = Phase::Ends(Wait::new("the guest to finish", GRACE), status);
            }
            (Record::Finished { .. }, Phase::Ends(_, status)) => {
                return Ok(Some(Ending::Ended(*status)));
            }
            (Record::Broken { why }, _) => return Ok(Some(Ending::Lost(End::Broken(why)))),
            (record, _) => return Ok(Some(out_of_turn(&Message::Record(record)))),
        }
        Ok(None)
    }

    fn send(&mut self, frame: &[u8]) -> Result<()> {
        self.dialogue.send(frame).context("writing to the console")
    }
}

fn out_of_turn(message: &Message<Record>) -> Ending {
    Ending::Lost(End::Garbled(format!("a message out of turn: {message:?}")))
}
