//! A machine that takes several programs at a time. One dialogue owns it, in a thread that
//! this starts; each program has a dialogue of its own, in a lane.
//!
//! What is read of the console is passed on to all lanes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use guest::wire::{self, Message};
use guest::{Key, Order, Record, RunningKernel};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

use super::conversation::{Task, follow, out_of_turn};
use super::deadline::{GRACE, Wait, excused};
use super::dialogue::{Dialogue, LaneEnd, PART, random};
use super::listener::GuestMessage;
use super::passing::Passing;
use super::{Machine, Parcel};
use crate::results::End;
use crate::system::RunDir;

/// How long a program may wait for a lane: one is free, or about to be.
const FREE_WITHIN: Duration = Duration::from_secs(20);
/// How long PID 1 may say nothing, which it does every [`guest::HEARTBEAT`].
const SILENCE: Duration = Duration::from_secs(60);

/// Gives the file with the kernel's modules, once the guest asks for it.
pub(crate) type GiveModules = Box<dyn Fn() -> Result<File> + Send>;

/// A machine with lanes, which ends when this is dropped and no program runs.
pub(crate) struct Lanes {
    requests: Sender<LaneRequest>,
    /// Wakes the thread: by a byte, and by its end.
    bell: UnixStream,
    is_open: Arc<AtomicBool>,
}

/// A program, and where its lane is told.
type LaneRequest = (Parcel, Sender<LaneEnd>);

impl Lanes {
    /// Starts a machine, and waits until it takes programs. The inner error says why this one
    /// takes them one after another only.
    ///
    /// # Errors
    /// If the machine does not come up.
    pub(crate) fn start(
        machine: &Machine,
        dir: &RunDir,
        boot: Duration,
        modules: GiveModules,
    ) -> Result<Result<Self, String>> {
        let (requests, requested) = channel();
        let (bell, rung) = UnixStream::pair().context("making a socket for lanes")?;
        rung.set_nonblocking(true)?;
        let is_open = Arc::new(AtomicBool::new(true));
        let (tell, told) = channel();
        let (machine, dir, open) = (machine.clone(), dir.clone(), Arc::clone(&is_open));
        // QEMU ends with this thread.
        thread::spawn(move || {
            let mut task = LanesTask {
                tell: Some(tell.clone()),
                requested,
                rung,
                can_be_asked: true,
                is_open: open,
                lanes: (0..machine.lanes).map(|_| Lane::default()).collect(),
                waiting: VecDeque::new(),
                next: 0,
                modules,
                heard: Instant::now(),
                silence: SILENCE,
            };
            let kept = task.keep(&machine, &dir, boot);
            task.close();
            if let Err(error) = kept {
                let _ = tell.send(Err(error));
            }
        });
        // The thread has the deadline.
        let up = told.recv().context("the machine ended before it was up")?;
        Ok(up?.map(|()| Self {
            requests,
            bell,
            is_open,
        }))
    }

    /// Whether it takes further programs, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    /// Begins the job of a parcel in a lane; none if the machine takes no more.
    pub(crate) fn begin(
        &self,
        machine: &Machine,
        dir: &RunDir,
        parcel: &Parcel,
    ) -> Result<Option<Dialogue>> {
        let (tell, told) = channel();
        if self.requests.send((parcel.clone(), tell)).is_err() {
            return Ok(None);
        }
        let _ = (&self.bell).write(&[0]);
        match told.recv_timeout(FREE_WITHIN) {
            Ok(lane) => Dialogue::in_lane(lane, machine, dir, parcel).map(Some),
            Err(_) => {
                self.is_open.store(false, Ordering::SeqCst);
                let _ = (&self.bell).write(&[0]);
                Ok(None)
            }
        }
    }
}

/// How a machine with lanes ends.
enum LanesEnding {
    /// It was lost.
    Lost(End),
    /// It cannot have lanes.
    Unable(String),
    /// It takes no more programs, and none runs.
    Done,
}

impl From<End> for LanesEnding {
    fn from(end: End) -> Self {
        Self::Lost(end)
    }
}

/// One of the lanes. It is free where nothing runs, and no dialogue is about it.
#[derive(Default)]
struct Lane {
    runs: bool,
    passing: Option<Passing>,
    /// For the end of what runs, once there is no dialogue about it.
    ends: Option<Wait>,
}

/// The lanes of a machine, as the thread follows them that owns it.
struct LanesTask {
    /// Until it is told whether the machine is up.
    tell: Option<Sender<Result<Result<(), String>>>>,
    requested: Receiver<LaneRequest>,
    rung: UnixStream,
    /// Whether someone is left who could ask.
    can_be_asked: bool,
    is_open: Arc<AtomicBool>,
    lanes: Vec<Lane>,
    waiting: VecDeque<LaneRequest>,
    /// The sequence number of the next order.
    next: u32,
    modules: GiveModules,
    /// When PID 1 last said something, and how long it may be silent.
    heard: Instant,
    silence: Duration,
}

impl LanesTask {
    fn keep(&mut self, machine: &Machine, dir: &RunDir, boot: Duration) -> Result<()> {
        let mut dialogue = Dialogue::start(machine, dir)?;
        let ending = follow(&mut dialogue, self, boot)?;
        // The words of a panic, for one.
        self.pass_on(&mut dialogue);
        let tell = self.tell.take();
        match (ending, tell) {
            (LanesEnding::Unable(why), Some(tell)) => drop(tell.send(Ok(Err(why)))),
            (LanesEnding::Lost(end), Some(_)) => {
                anyhow::bail!("a machine for programs beside each other did not come up: {end:?}")
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes no more programs.
    fn close(&mut self) {
        self.is_open.store(false, Ordering::SeqCst);
        self.waiting.clear();
    }

    fn is_done(&self) -> bool {
        let are_free = self.lanes.iter().all(Lane::is_free);
        are_free && self.waiting.is_empty() && !self.is_open.load(Ordering::SeqCst)
    }

    fn pass_on(&mut self, dialogue: &mut Dialogue) {
        let bytes = dialogue.take_to_pass_on();
        if bytes.is_empty() {
            return;
        }
        for lane in &mut self.lanes {
            if let Some(passing) = &mut lane.passing
                && !passing.pass_on(&bytes)
            {
                let _ = passing.to.shutdown(Shutdown::Both);
            }
        }
    }

    fn order(&mut self, order: &Order, dialogue: &mut Dialogue) -> Result<()> {
        let order = wire::encode(dialogue.key(), self.next, order);
        self.next += 1;
        dialogue.send(&order).context("writing to the console")
    }

    /// Begins programs that wait, in lanes that are free.
    fn begin_waiting(&mut self, dialogue: &mut Dialogue) -> Result<()> {
        while let Some(number) = self.lanes.iter().position(Lane::is_free)
            && let Some((parcel, tell)) = self.waiting.pop_front()
        {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            // What is written at once is read at once: a frame is never cut.
            let kind = SockType::SeqPacket;
            let ends = socketpair(AddressFamily::Unix, kind, None, flags);
            let (ours, theirs) = ends.context("making the console of a lane")?;
            let sent = Key::new(random()?);
            let end = dialogue.lane_end(number, theirs.into(), sent);
            let end = end.context("a lane has a part of the shared memory")?;
            let order = Order::Begin {
                lane: number,
                key: sent,
                delivery: parcel.delivery(0)?,
            };
            self.order(&order, dialogue)?;
            let lane = &mut self.lanes[number];
            lane.runs = true;
            lane.passing = Some(Passing::new(ours.into(), end.key));
            // One that waits no more has closed its console.
            let _ = tell.send(end);
        }
        Ok(())
    }

    /// Takes in what the dialogue of a lane sends.
    fn hear_lane(&mut self, number: usize, dialogue: &mut Dialogue) -> Result<()> {
        let Some(passing) = &mut self.lanes[number].passing else {
            return Ok(());
        };
        let mut buffer = vec![0; PART];
        match passing.to.read(&mut buffer) {
            Ok(length @ 1..) => {
                let sent = dialogue.send(&buffer[..length]);
                return sent.context("writing to the console");
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Ok(0) | Err(_) => {}
        }
        let is_done = passing.is_done;
        let lane = &mut self.lanes[number];
        lane.passing = None;
        if lane.runs {
            lane.ends = Some(Wait::new("a program beside others to end", GRACE));
            if !is_done {
                self.order(&Order::End { lane: number }, dialogue)?;
            }
        }
        self.begin_waiting(dialogue)
    }

    fn hear_requests(&mut self, dialogue: &mut Dialogue) -> Result<()> {
        let mut buffer = [0; 64];
        match self.rung.read(&mut buffer) {
            Ok(0) => {
                self.can_be_asked = false;
                self.close();
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            read => drop(read.context("hearing of programs")?),
        }
        if self.is_open.load(Ordering::SeqCst) {
            self.waiting.extend(self.requested.try_iter());
        } else {
            // Those who ask hear that none is begun.
            self.requested.try_iter().for_each(drop);
        }
        self.begin_waiting(dialogue)
    }
}

impl Lane {
    fn is_free(&self) -> bool {
        !self.runs && self.passing.is_none()
    }
}

/// What comes besides the guest's words.
#[derive(Clone, Copy)]
enum LanesEvent {
    Requests,
    Lane(usize),
}

impl Task for LanesTask {
    type Ending = LanesEnding;
    type Awaited = LanesEvent;

    fn up(&mut self, _kernel: RunningKernel, _after: Duration) {
        self.heard = Instant::now();
    }

    fn carry(&mut self, dialogue: &mut Dialogue) -> Result<ControlFlow<LanesEnding, bool>> {
        self.pass_on(dialogue);
        Ok(match self.is_done() {
            true => ControlFlow::Break(LanesEnding::Done),
            false => ControlFlow::Continue(false),
        })
    }

    fn awaited(&self) -> Vec<(BorrowedFd<'_>, LanesEvent)> {
        if self.tell.is_some() {
            return Vec::new();
        }
        let lanes = self.lanes.iter().enumerate();
        let lanes = lanes.filter_map(|(number, lane)| {
            let passing = lane.passing.as_ref()?;
            Some((passing.to.as_fd(), LanesEvent::Lane(number)))
        });
        // After its end it would be ready for ever.
        let requests = (self.can_be_asked).then(|| (self.rung.as_fd(), LanesEvent::Requests));
        lanes.chain(requests).collect()
    }

    fn until(&self) -> Option<Instant> {
        let waits = self.lanes.iter().filter_map(|lane| lane.ends.as_ref());
        let silence = [self.heard + self.silence];
        waits.map(|wait| wait.until).chain(silence).min()
    }

    fn take(&mut self, said: GuestMessage, dialogue: &mut Dialogue) -> Result<Option<LanesEnding>> {
        // The words of a lane come before that it has ended.
        self.pass_on(dialogue);
        self.heard = Instant::now();
        match said.message {
            // The first one says that it can have lanes.
            Message::Record(Record::Alive) => {
                if let Some(tell) = self.tell.take() {
                    let _ = tell.send(Ok(Ok(())));
                }
            }
            Message::Record(Record::NotApplicable { why }) if self.tell.is_some() => {
                return Ok(Some(LanesEnding::Unable(why)));
            }
            Message::Record(Record::ModulesWanted) => {
                dialogue.attach_modules(&self.modules)?;
                self.order(&Order::Rescan, dialogue)?;
            }
            Message::Record(Record::LaneEnded { lane, changed })
                if self.lanes.get(lane).is_some_and(|lane| lane.runs) =>
            {
                let ended = &mut self.lanes[lane];
                (ended.runs, ended.ends) = (false, None);
                let was_lost = match &ended.passing {
                    Some(passing) => {
                        let _ = passing.to.shutdown(Shutdown::Write);
                        !passing.is_done
                    }
                    None => false,
                };
                if changed.is_some() || was_lost {
                    self.close();
                }
                self.begin_waiting(dialogue)?;
            }
            message => return Ok(Some(out_of_turn(&message).into())),
        }
        Ok(None)
    }

    fn has_come(
        &mut self,
        event: LanesEvent,
        dialogue: &mut Dialogue,
    ) -> Result<Option<LanesEnding>> {
        match event {
            LanesEvent::Requests => self.hear_requests(dialogue)?,
            LanesEvent::Lane(lane) => self.hear_lane(lane, dialogue)?,
        }
        Ok(None)
    }

    fn overdue(&mut self, kept_waiting: Duration) -> Option<LanesEnding> {
        let mut waits = self.lanes.iter_mut().filter_map(|lane| lane.ends.as_mut());
        if let Some(end) = waits.find_map(|wait| wait.overdue(kept_waiting)) {
            return Some(end.into());
        }
        self.silence = excused(SILENCE, kept_waiting);
        let is_silent = self.heard.elapsed() >= self.silence;
        let what = || format!("PID 1 has said nothing for {} s", self.silence.as_secs());
        is_silent.then(|| End::Hung(what()).into())
    }
}
