//! A running machine, and the dialogue with its guest over the console.

use std::fs::File;
use std::io::{self, Read};
use std::mem;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use guest::ring::clear;
use guest::wire::{self, Message};
use guest::{Key, Order, Record};

use super::console::ConsoleRead;
use super::deadline::{kept_waiting, ran_nothing};
use super::diagnosis;
use super::host_rings::HostRings;
use super::image_release::image_release;
use super::listener::{GuestMessage, Listener};
use super::parcel::{Delivering, Parcel, Start, TakenOut};
use super::qemu::did_not_start;
use super::shared_memory::SharedMemory;
use super::transcript::Transcript;
use super::volume::{self, ServedBytes};
use super::{Disk, Machine, Network, RunningMachine};
use crate::results::End;
use crate::system::{CONSOLE, QEMU_LOG, RunDir, first_ready};

/// How many bytes of QEMU's own messages are read.
const COMPLAINT: usize = 4096;

/// The most bytes that are read at a time.
pub(super) const PART: usize = 64 << 10;

/// The error for a QEMU that ended before any machine could have run.
const RAN_NOTHING: &str = "QEMU ended at once, without a word, and ran no machine: see whether \
                           the program is QEMU";

/// How long a machine may take none of what is delivered to it, or be silent once it has
/// all of it: a second is much.
const UNTOUCHED: Duration = Duration::from_secs(20);

/// What a task in a lane has of its machine.
pub(super) struct LaneEnd {
    /// The number of QEMU's process.
    qemu: u32,
    console: UnixStream,
    memory: SharedMemory,
    /// The key of the task.
    pub(super) key: Key,
}

/// A running machine, killed when this is dropped.
pub(crate) struct Dialogue {
    machine: Machine,
    running: RunningMachine,
    start: Start,
    /// What is delivered, until all of it is, and the deadline for more of it to be
    /// taken or for the guest to be up with it.
    delivering: Option<(Delivering, Instant)>,
    /// What was taken out of that, and the guest may ask for.
    taken_out: Option<TakenOut>,
    /// Whether its jobs are delivered.
    delivers: bool,
    /// The streams in shared memory, once something was delivered through them.
    rings: Option<HostRings>,
    listener: Listener,
    /// The key of this boot.
    key: Key,
    /// The release that the kernel's file names, if it does.
    release: Option<String>,
    qemu_log: File,
    buffer: Vec<u8>,
    silent: bool,
    /// Whether the machine has the device with the modules.
    has_modules: bool,
    /// Whether it has its network, disks and volume.
    has_devices: bool,
    /// An end that came in the same bytes as messages before it.
    over: Option<End>,
    /// What was read and not yet passed on to lanes, if the machine has any.
    to_pass_on: Vec<u8>,
}

/// What comes next on the console or elsewhere.
pub(crate) enum Turn {
    /// The guest sent these messages; perhaps none, only text.
    Said(Vec<GuestMessage>),
    /// One of the other files can be read, by its number.
    Other(usize),
    /// Nothing: the deadline passed.
    Quiet,
    /// The boot ended without the guest's end marker.
    Over(End),
}

impl Dialogue {
    pub(crate) fn start(machine: &Machine, dir: &RunDir) -> Result<Self> {
        let qemu_log = dir.file(QEMU_LOG)?;
        let transcript = Transcript::new(dir.file(CONSOLE)?);
        let key = Key::new(random()?);
        let (running, start) = machine.come_up(&qemu_log)?;
        let mut dialogue = Self {
            machine: machine.clone(),
            running,
            start,
            delivering: None,
            taken_out: None,
            delivers: false,
            rings: None,
            listener: Listener::new(transcript, key),
            key,
            // Read while the kernel comes up.
            release: image_release(&machine.kernel),
            qemu_log,
            buffer: vec![0; PART],
            silent: true,
            has_modules: false,
            has_devices: false,
            over: None,
            to_pass_on: Vec::new(),
        };
        if let Start::Restored(parcel) = &dialogue.start {
            let parcel = parcel.clone();
            dialogue.deliver(Key::NONE, &parcel)?;
        }
        Ok(dialogue)
    }

    /// A dialogue with a lane of a machine, about the job in this parcel, which is announced.
    pub(super) fn in_lane(
        lane: LaneEnd,
        machine: &Machine,
        dir: &RunDir,
        parcel: &Parcel,
    ) -> Result<Self> {
        let key = lane.key;
        let transcript = Transcript::new(dir.file(CONSOLE)?);
        let mut listener = Listener::new(transcript, key);
        listener.begin(key);
        let delivering = Delivering::of(parcel)?;
        Ok(Self {
            machine: Machine {
                // Others run on it.
                diagnosed: false,
                ..machine.clone()
            },
            start: Start::Whole,
            delivering: Some((delivering, Instant::now() + UNTOUCHED)),
            taken_out: None,
            delivers: false,
            rings: Some(HostRings::beside_others(&lane.memory, key.of_host())),
            running: RunningMachine::in_lane(lane.qemu, lane.console, lane.memory)?,
            listener,
            key,
            release: image_release(&machine.kernel),
            qemu_log: dir.file(QEMU_LOG)?,
            buffer: vec![0; PART],
            silent: true,
            // The machine's own dialogue attaches what the kernel asks for.
            has_modules: true,
            has_devices: true,
            over: None,
            to_pass_on: Vec::new(),
        })
    }

    /// What a task in a lane needs of the machine; none if there is no such lane. The key is
    /// that of the task.
    pub(super) fn lane_end(&self, lane: usize, console: UnixStream, sent: Key) -> Option<LaneEnd> {
        let memory = self.running.memory.as_ref()?.of_lane(lane)?;
        clear(&memory);
        Some(LaneEnd {
            qemu: self.running.id(),
            console,
            memory,
            key: self.key.with(sent),
        })
    }

    /// What was read since the last time; nothing but for a machine with lanes.
    pub(super) fn take_to_pass_on(&mut self) -> Vec<u8> {
        mem::take(&mut self.to_pass_on)
    }

    /// Delivers a job to a machine that has done another, and was given that in the same
    /// way.
    pub(crate) fn next_job(&mut self, parcel: &Parcel) -> Result<()> {
        let before = mem::replace(&mut self.key, Key::new(random()?));
        self.deliver(before.of_host(), parcel)
    }

    /// Whether another job can be delivered.
    pub(crate) fn takes_jobs(&self) -> bool {
        self.delivers
    }

    /// Begins to deliver a job, to a guest that heeds the key of the job before.
    fn deliver(&mut self, before: Key, parcel: &Parcel) -> Result<()> {
        let memory = self.running.memory.as_ref();
        let memory = memory.context("a machine that waits shares its memory")?;
        let key = self.key.of_host();
        let rings = self
            .rings
            .get_or_insert_with(|| HostRings::new(memory, key));
        let from = rings.begin(key);
        self.listener.begin(self.key);
        let announced = parcel.announce(before, self.key, from)?;
        self.send(&announced).context("writing to the console")?;
        self.delivering = Some((Delivering::of(parcel)?, Instant::now() + UNTOUCHED));
        self.taken_out.clone_from(&parcel.taken_out);
        self.delivers = true;
        Ok(())
    }

    /// Starts the machine with all in its initramfs, in place of one that waits.
    fn start_whole(&mut self) -> Result<()> {
        self.machine.parcel = None;
        let (running, start) = self.machine.come_up(&self.qemu_log)?;
        (self.running, self.start, self.key) = (running, start, Key::new(random()?));
        (self.delivering, self.rings, self.over) = (None, None, None);
        self.taken_out = None;
        self.delivers = false;
        (self.has_modules, self.has_devices) = (false, false);
        self.listener.restart(self.key);
        Ok(())
    }

    /// What comes next, until `deadline` if there is one.
    pub(crate) fn turn(
        &mut self,
        deadline: Option<Instant>,
        others: &[BorrowedFd<'_>],
    ) -> Result<Turn> {
        let mut until = deadline;
        if let (Some((delivering, patience)), Some(rings)) = (&mut self.delivering, &mut self.rings)
        {
            let bells = delivering.go_on(rings)?;
            if !bells.is_empty() {
                *patience = Instant::now() + UNTOUCHED;
            }
            until = [deadline, Some(*patience)].into_iter().flatten().min();
            self.send(&bells).context("writing to the console")?;
        }
        let mut turn = self.next(until, others)?;
        if let Turn::Said(said) = &mut turn {
            self.send_contents(said);
        }
        if matches!(&turn, Turn::Said(said) if said.iter().any(is_boot)) {
            (self.start, self.delivering) = (Start::Whole, None);
        }
        let Some((_, patience)) = self.delivering else {
            return Ok(turn);
        };
        let gave_up = matches!(turn, Turn::Quiet) && Instant::now() >= patience;
        if let Start::Restored(parcel) = &self.start
            && (gave_up || matches!(turn, Turn::Over(_)))
        {
            // A state that does not run is as good as none.
            parcel.state.forget();
            self.start_whole()?;
            return Ok(Turn::Said(Vec::new()));
        }
        Ok(turn)
    }

    /// Takes the word of a guest that it has not all files, before its kernel has booted as
    /// far as others are told.
    fn send_contents(&mut self, said: &mut Vec<GuestMessage>) {
        let Some(taken_out) = &self.taken_out else {
            return;
        };
        let Some(Message::Record(record)) = said.first().map(|said| &said.message) else {
            return;
        };
        if let Record::ContentsWanted { numbers } = record
            && let Some(contents) = Delivering::of_contents(taken_out, numbers)
        {
            self.delivering = Some((contents, Instant::now() + UNTOUCHED));
            // It asks once.
            self.taken_out = None;
            said.remove(0);
        }
    }

    /// Takes the word of a guest that it waits.
    fn waits(&mut self, shared: bool) -> Result<()> {
        let start = mem::replace(&mut self.start, Start::Whole);
        let Start::Waits(parcel) = start else {
            // A guest that was not asked to wait says so again.
            return Ok(());
        };
        if !shared {
            parcel.state.cannot_be();
            return self.start_whole();
        }
        // A QEMU that cannot save may still boot.
        if parcel.state.save(&mut self.running.monitor).is_err() {
            return self.start_whole();
        }
        self.deliver(Key::NONE, &parcel)
    }

    fn next(&mut self, deadline: Option<Instant>, others: &[BorrowedFd<'_>]) -> Result<Turn> {
        if let Some(end) = self.over.take() {
            return Ok(Turn::Over(end));
        }
        let deadline = self.listener.restarts_by().or(deadline);
        let console = &mut self.running.console;
        match console.read(&mut self.buffer, deadline, others)? {
            ConsoleRead::Bytes(length) => {
                self.silent = false;
                if self.machine.lanes > 1 && self.running.is_own() {
                    self.to_pass_on.extend(&self.buffer[..length]);
                }
                let mut heard = self
                    .listener
                    .hear(&self.buffer[..length])
                    .context("writing the transcript")?;
                if !heard.answer.is_empty() {
                    self.send(&heard.answer).context("writing to the console")?;
                }
                if let Some(shared) = heard.waiting {
                    self.waits(shared)?;
                }
                if let Some(other) = self.other_kernel(&heard.messages) {
                    return Ok(Turn::Over(other));
                }
                self.over = heard.end.take();
                let messages = heard.messages;
                let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
                if late && messages.is_empty() && self.over.is_none() {
                    // Text without a message does not extend a deadline.
                    return Ok(self.nothing());
                }
                Ok(Turn::Said(messages))
            }
            ConsoleRead::Other(number) => Ok(Turn::Other(number)),
            ConsoleRead::Nothing => Ok(self.nothing()),
            ConsoleRead::End => {
                let ran_nothing = self.silent && ran_nothing(self.running.id());
                let status = self.running.wait()?;
                let complaint = self.complaint();
                let refused = !status.success() || !complaint.is_empty();
                if self.silent && refused && status.signal().is_none() {
                    bail!(did_not_start(&self.machine.qemu, status, &complaint));
                }
                Ok(Turn::Over(if ran_nothing && status.success() {
                    End::QemuFailed(RAN_NOTHING.to_owned())
                } else if status.success() {
                    self.listener.console_ended()
                } else {
                    End::QemuFailed(failed(status, &complaint))
                }))
            }
        }
    }

    /// Waits for the other files only, while the guest is kept waiting for one of them.
    pub(crate) fn pause(
        &mut self,
        deadline: Option<Instant>,
        others: &[BorrowedFd<'_>],
    ) -> io::Result<Turn> {
        let since = Instant::now();
        let ready = first_ready(others, deadline)?;
        // What the guest sends meanwhile is read later.
        self.listener.postpone(since.elapsed());
        Ok(ready.map_or(Turn::Quiet, Turn::Other))
    }

    /// The end of a guest that runs on another kernel than QEMU was given.
    fn other_kernel(&mut self, messages: &[GuestMessage]) -> Option<End> {
        let running = messages.iter().find_map(|said| match &said.message {
            Message::Record(Record::Booted { kernel }) => Some(&kernel.release),
            _ => None,
        })?;
        // A second report of the boot is another fault.
        let expected = self.release.take().filter(|release| release != running)?;
        Some(End::QemuFailed(format!(
            "{} was given the kernel {expected}, and its guest runs on {running}",
            self.machine.qemu
        )))
    }

    /// Handles a passed deadline.
    fn nothing(&mut self) -> Turn {
        let kept_waiting = self.kept_waiting();
        match self.listener.did_not_restart(kept_waiting) {
            Some(end) => Turn::Over(end),
            None => Turn::Quiet,
        }
    }

    /// How long QEMU's threads have waited for a processor since its start.
    pub(crate) fn kept_waiting(&self) -> Duration {
        kept_waiting(self.running.id())
    }

    /// QEMU's own messages.
    fn complaint(&self) -> String {
        let mut buffer = [0; COMPLAINT];
        let length = self.qemu_log.read_at(&mut buffer, 0).unwrap_or(0);
        String::from_utf8_lossy(&buffer[..length]).trim().to_owned()
    }

    /// The key of the host's messages.
    pub(crate) fn key(&self) -> Key {
        self.key.of_host()
    }

    /// Takes back what `take_rings` gave.
    pub(crate) fn give_rings(&mut self, rings: Option<HostRings>) {
        self.rings = rings;
    }

    /// The streams in shared memory, if the machine shares it with this process.
    pub(crate) fn take_rings(&mut self) -> Option<HostRings> {
        let memory = self.running.memory.as_ref()?;
        let rings = self.rings.take();
        Some(rings.unwrap_or_else(|| HostRings::new(memory, self.key.of_host())))
    }

    /// Sends bytes to the guest.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.running.console.write(bytes)
    }

    /// Asks a machine that hangs what ails it, and keeps the answers beside its console.
    pub(crate) fn diagnose(&mut self, dir: &RunDir) {
        if self.machine.diagnosed {
            let found = diagnosis::take(&mut self.running, self.machine.arch, dir);
            self.listener.transcript.add(found);
        }
    }

    /// Gives the machine a device whose memory is this file, of which it sees a copy of its
    /// own; `file` is called if it has none yet. The guest finds it on its PCI bus.
    pub(crate) fn attach_modules(&mut self, file: impl FnOnce() -> Result<File>) -> Result<()> {
        if !self.has_modules {
            let file = file()?;
            let attached = self.running.attach_memory("modules", &file);
            attached.context("attaching the modules to the machine")?;
            self.has_modules = true;
        }
        Ok(())
    }

    /// Whether the machine has its network, disks and volume.
    pub(crate) fn has_devices(&self) -> bool {
        self.has_devices
    }

    /// Gives the machine a network, disks and a volume.
    pub(crate) fn attach_devices(
        &mut self,
        network: Option<&Network>,
        disks: &[Disk],
        volume: Option<&Arc<dyn ServedBytes>>,
    ) -> Result<()> {
        self.has_devices = true;
        let monitor = &mut self.running.monitor;
        if let Some(network) = network {
            let attached = network.attach(monitor);
            attached.context("attaching a network to the machine")?;
        }
        let mut disks = disks.iter();
        let attached = disks.try_for_each(|disk| disk.attach(monitor));
        attached.context("attaching a disk to the machine")?;
        match volume {
            Some(content) => volume::attach(content, monitor),
            None => Ok(()),
        }
    }

    /// Lets the guest go on, once a scenario that is out of time was looked at.
    pub(crate) fn let_go_on(&mut self) -> Result<()> {
        let order = wire::encode(self.key(), 0, &Order::GoOn);
        self.send(&order).context("writing to the console")
    }

    /// Ends the machine, and returns its transcript.
    pub(crate) fn finish(self) -> Result<Transcript> {
        drop(self.running);
        let mut transcript = self.listener.transcript;
        transcript.finish()?;
        Ok(transcript)
    }
}

/// Whether it is the word that the kernel has booted.
fn is_boot(said: &GuestMessage) -> bool {
    matches!(said.message, Message::Record(Record::Booted { .. }))
}

/// Random bytes.
pub(super) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("reading /dev/urandom")?;
    Ok(bytes)
}

/// The error for a QEMU that failed or was killed.
fn failed(status: ExitStatus, complaint: &str) -> String {
    let how = match status.signal() {
        Some(signal) => format!("QEMU was killed by signal {signal}, which no guest can do"),
        None => format!("QEMU failed ({status})"),
    };
    if complaint.is_empty() {
        format!("{how}; if no process of this host killed it, the log of its kernel says why")
    } else {
        format!("{how}: {complaint}")
    }
}
