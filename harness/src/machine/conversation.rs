//! What is said with a guest about one task, from its boot to the end of the task.

use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use anyhow::Result;
use guest::wire::Message;
use guest::{Record, RunningKernel};

use super::deadline::Wait;
use super::dialogue::{Dialogue, Turn};
use super::listener::GuestMessage;
use crate::results::End;

/// What a guest is to do, as the host follows it: scenarios or a program.
pub(crate) trait Task {
    /// How it ends; the machine may end it, too.
    type Ending: From<End>;
    /// What it waits for besides the guest.
    type Awaited: Copy;

    /// The guest is up, so long after it was waited for.
    fn up(&mut self, kernel: RunningKernel, after: Duration);

    /// Moves what does not travel on the console. Returns the end, if it is one; else
    /// whether there may be more to move at once.
    fn carry(&mut self, _dialogue: &mut Dialogue) -> Result<ControlFlow<Self::Ending, bool>> {
        Ok(ControlFlow::Continue(false))
    }

    /// What it waits for besides the guest, with the file that becomes readable then.
    fn awaited(&self) -> Vec<(BorrowedFd<'_>, Self::Awaited)> {
        Vec::new()
    }

    /// Until when it waits, once the guest is up.
    fn until(&self) -> Option<Instant>;

    /// Whether the guest must wait, and is not heard.
    fn keeps_guest_waiting(&self) -> bool {
        false
    }

    /// The guest had to wait until now.
    fn guest_has_waited(&mut self) {}

    /// Whether its time is up, whatever the guest still says.
    fn is_out_of_time(&self) -> bool {
        false
    }

    /// Takes a message of a guest that is up. Returns the end, if it is one.
    fn take(&mut self, said: GuestMessage, dialogue: &mut Dialogue)
    -> Result<Option<Self::Ending>>;

    /// What it waited for has come. Returns the end, if it is one.
    fn has_come(
        &mut self,
        _awaited: Self::Awaited,
        _dialogue: &mut Dialogue,
    ) -> Result<Option<Self::Ending>> {
        Ok(None)
    }

    /// Until when it waits has passed, and QEMU was kept waiting for so long. Returns the
    /// end, unless it waits on.
    fn overdue(&mut self, kept_waiting: Duration) -> Option<Self::Ending>;
}

/// Follows a task to its end; the guest may take so long to be up.
///
/// # Errors
/// If QEMU does not run, or the task fails on this host.
pub(crate) fn follow<T: Task>(
    dialogue: &mut Dialogue,
    task: &mut T,
    boot: Duration,
) -> Result<T::Ending> {
    let mut opening = Opening::new(boot);
    loop {
        let more = match task.carry(dialogue)? {
            ControlFlow::Continue(more) => more,
            ControlFlow::Break(ending) => return Ok(ending),
        };
        // A guest that never pauses must not outlive its deadline.
        if task.is_out_of_time()
            && let Some(ending) = task.overdue(dialogue.kept_waiting())
        {
            return Ok(ending);
        }
        let (files, awaited): (Vec<_>, Vec<_>) = task.awaited().into_iter().unzip();
        let turn = match &opening.wait {
            Some(wait) => dialogue.turn(Some(wait.until), &files)?,
            None if task.keeps_guest_waiting() => {
                let turn = dialogue.pause(task.until(), &files)?;
                task.guest_has_waited();
                turn
            }
            None if more => dialogue.turn(Some(Instant::now()), &files)?,
            None => dialogue.turn(task.until(), &files)?,
        };
        let ending = match turn {
            Turn::Said(messages) => {
                let mut messages = messages.into_iter();
                messages.find_map(|said| take(&mut opening, said, task, dialogue).transpose())
            }
            Turn::Other(number) => task.has_come(awaited[number], dialogue).transpose(),
            Turn::Quiet => {
                let kept_waiting = dialogue.kept_waiting();
                let ending = match &mut opening.wait {
                    Some(wait) => wait.overdue(kept_waiting).map(Into::into),
                    None => task.overdue(kept_waiting),
                };
                ending.map(Ok)
            }
            Turn::Over(end) => Some(Ok(end.into())),
        };
        if let Some(ending) = ending {
            return ending;
        }
    }
}

fn take<T: Task>(
    opening: &mut Opening,
    said: GuestMessage,
    task: &mut T,
    dialogue: &mut Dialogue,
) -> Result<Option<T::Ending>> {
    match opening.take(said) {
        OpeningWord::Up(kernel, after) => {
            task.up(kernel, after);
            Ok(None)
        }
        OpeningWord::Over(end) => Ok(Some(end.into())),
        OpeningWord::OfTask(said) => task.take(said, dialogue),
    }
}

/// Until the guest is up, and for what it may say at any time.
pub(super) struct Opening {
    since: Instant,
    /// For the guest to come up; none once it is.
    wait: Option<Wait>,
}

/// What a message means.
pub(super) enum OpeningWord {
    /// The guest is up, after so long.
    Up(RunningKernel, Duration),
    /// The machine cannot go on.
    Over(End),
    /// It is about the task.
    OfTask(GuestMessage),
}

impl Opening {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            since: Instant::now(),
            wait: Some(Wait::new("the guest to come up", patience)),
        }
    }

    pub(super) fn take(&mut self, said: GuestMessage) -> OpeningWord {
        let is_up = self.wait.is_none();
        match said.message {
            Message::Record(Record::Booted { kernel }) if !is_up => {
                self.wait = None;
                OpeningWord::Up(kernel, self.since.elapsed())
            }
            Message::Record(Record::Changed { what }) if !is_up => {
                let why = format!("an earlier program had changed {what}");
                OpeningWord::Over(End::Broken(why))
            }
            Message::Record(Record::Broken { why }) => OpeningWord::Over(End::Broken(why)),
            Message::Record(Record::Garbled { what }) => OpeningWord::Over(End::Garbled(what)),
            message if !is_up => OpeningWord::Over(out_of_turn(&message)),
            message => OpeningWord::OfTask(GuestMessage { message, ..said }),
        }
    }
}

/// The end of a machine whose guest says what it cannot say now.
pub(crate) fn out_of_turn(message: &Message<Record>) -> End {
    End::Garbled(match message {
        Message::Record(record) => format!("a record out of turn: {record:?}"),
        Message::Bytes(stream, _) => format!("bytes of {} out of turn", stream.name()),
    })
}
