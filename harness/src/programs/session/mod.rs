//! One run of a program, from the boot of the kernel to the exit status.

mod program_task;
mod streams;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use guest::{RunningKernel, Status};

use self::program_task::{ProgramTask, ToAttach};
use self::streams::{ProgramStreams, not_taken};
use super::disks::LazyDisks;
use super::input_frames::{Coming, InputFrames};
use super::lane_keeper::LaneKeeper;
use super::outcome;
use super::output::Output;
use crate::machine::{Dialogue, Machine, Network, ServedBytes, again_if, follow, hosts_fault};
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

/// A machine that takes programs one after another, none before the first; or one that takes
/// several at a time.
#[derive(Default)]
pub(crate) struct Standing {
    machine: Option<Dialogue>,
    lanes: Option<Arc<LaneKeeper>>,
}

impl Standing {
    /// One that takes several at a time.
    pub(super) fn in_lanes(lanes: Arc<LaneKeeper>) -> Self {
        Self {
            machine: None,
            lanes: Some(lanes),
        }
    }

    /// Whether there is a machine, with its devices.
    pub(super) fn has_devices(&self) -> bool {
        self.machine.as_ref().is_some_and(Dialogue::has_devices)
    }

    /// Whether it takes programs one after another.
    pub(super) fn takes_one_at_a_time(&self) -> bool {
        self.lanes.is_none()
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

impl From<End> for Ending {
    fn from(end: End) -> Self {
        Self::Lost(end)
    }
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
        let lanes = standing
            .as_ref()
            .and_then(|standing| standing.lanes.clone());
        // Once only: what a machine with several did not do is done alone.
        let mut beside = lanes.as_ref();
        let (kernel, ending, _, transcript, dir) = again_if(
            self.dir,
            &mut retries,
            |dir| {
                input.begin();
                let in_lane = match (beside.take(), &self.machine.parcel) {
                    (Some(keeper), Some(parcel)) => keeper.begin(self.machine, dir, parcel)?,
                    _ => None,
                };
                let is_beside = in_lane.is_some();
                let stood = standing
                    .as_mut()
                    .and_then(|standing| standing.machine.take());
                let stands = stood.is_some();
                let mut dialogue = match (in_lane, stood, &self.machine.parcel) {
                    (Some(dialogue), ..) => dialogue,
                    (None, Some(mut dialogue), Some(parcel)) => {
                        dialogue.next_job(parcel)?;
                        dialogue
                    }
                    _ => Dialogue::start(self.machine, dir)?,
                };
                let streams = ProgramStreams::new(&mut input, output, self.files);
                let to_attach = ToAttach {
                    modules: self.modules,
                    network: self.network,
                    disks: self.disks,
                    volume: self.volume,
                };
                let (interrupt, window) = (self.interrupt, self.window);
                let mut program =
                    ProgramTask::new(self.limits, streams, interrupt, window, to_attach);
                let ending = follow(&mut dialogue, &mut program, self.limits.boot)?;
                if matches!(ending, Ending::Lost(_)) && !is_beside {
                    program.carry_rest(&mut dialogue)?;
                }
                let (kernel, has_output) = (program.kernel.take(), program.has_output());
                let (ending, again) = match ending {
                    Ending::Lost(_) if is_beside => {
                        lost_beside_others(ending, has_output || input.is_used())
                    }
                    ending => (ending, None),
                };
                if matches!(ending, Ending::TimedOut(_) | Ending::Lost(End::Hung(_))) {
                    dialogue.diagnose(dir);
                }
                let goes_on = matches!(
                    ending,
                    Ending::Ended(_) | Ending::Refused(..) | Ending::NotApplicable(_)
                );
                let stays = goes_on && dialogue.takes_jobs();
                let transcript = match &mut standing {
                    Some(standing) if stays && standing.takes_one_at_a_time() => {
                        standing.machine = Some(dialogue);
                        None
                    }
                    _ => Some(dialogue.finish()?),
                };
                Ok((kernel, ending, (stands, again), transcript, dir.clone()))
            },
            |(kernel, ending, (stands, again), ..)| match ending {
                _ if again.is_some() => again.clone(),
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

/// The end of a program whose machine was lost while it ran several, and why it runs again,
/// if it does: alone, since another one may have been at fault. What was read of its input or
/// output cannot be taken back.
fn lost_beside_others(ending: Ending, is_used: bool) -> (Ending, Option<String>) {
    let how = outcome::ending(&ending);
    if !is_used {
        return (ending, Some(format!("beside others, {how}")));
    }
    let why = format!(
        "the machine was lost while it ran several programs, and this one had had input or output \
         ({how}): run it again"
    );
    (Ending::Lost(End::Broken(why)), None)
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
