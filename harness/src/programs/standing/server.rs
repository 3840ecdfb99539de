//! Keeps machines, and runs programs in them.

use std::collections::VecDeque;
use std::fs::File;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use guest::{Arch, arch};

use super::message::{Answer, ProgramOrder, Request, answer, hear, show_life};
use super::place::{StandingMachines, StandingPlace};
use crate::kernels::{Bootable, MEMORY_MIB};
use crate::payload::initramfs::PackedInitramfs;
use crate::payload::{LoadedProgram, guest_of};
use crate::programs::input_frames::Coming;
use crate::programs::lane_keeper::LaneKeeper;
use crate::programs::outcome::{ExitCodes, words_of};
use crate::programs::runner::{Runner, memory_for};
use crate::programs::session::Standing;
use crate::system::{Interrupt, Outlet, Window, first_ready, lock, program_name, say, words};

/// How often the process looks whether it is idle, or a program waits.
const TURN: Duration = Duration::from_millis(500);
/// How long a program waits for one of the usual machines. Most programs are done long
/// before; a shell is not.
const LONG: Duration = Duration::from_secs(2);

/// How many machines there are where programs take long.
const MOST: usize = 8;

/// What both processes must have been built with: the guest that runs, and that the
/// archive is made for.
pub(super) fn build() -> String {
    let mut guest = crc32fast::Hasher::new();
    for arch in arch::ALL {
        guest.update(guest_of(arch).unwrap_or_default());
    }
    let guest = guest.finalize();
    format!("{} {guest:08x}", env!("CARGO_PKG_VERSION"))
}

/// Serves machines of this description, until it is told to end or was idle
/// for so long. There are so many of them, each from when it is first needed; by default one
/// a processor, and more while a program would wait for long. All of them end with this
/// process.
///
/// Where several programs run at a time on a machine, there is one of these, and one more
/// while it is replaced.
///
/// # Errors
/// If another process serves at this place, or nothing can be served.
pub fn serve(
    place: &StandingPlace,
    description: &StandingMachines,
    bootable: Bootable,
    runner: Runner<'static>,
    jobs: Option<NonZeroUsize>,
    idle: Duration,
) -> Result<()> {
    // Before a client could come.
    let lanes = in_lanes(place, description, &bootable, &runner)?;
    let Some((listener, _lock)) = place.listen()? else {
        bail!("{} is up already", place.name());
    };
    place.tell(description)?;
    let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let usual = jobs.unwrap_or(processors).get();
    let machines = match (&lanes, description.devices.are_for_one_machine()) {
        (Some(lanes), _) => lanes.number()..=lanes.number(),
        (None, true) => 1..=1,
        (None, false) => usual..=jobs.map_or(usual.max(MOST), NonZeroUsize::get),
    };
    let keeper = Arc::new(Keeper {
        bootable,
        runner,
        lanes,
        machines,
        queue: Mutex::default(),
    });
    let (tell, requests) = channel();
    thread::spawn(move || accept(&listener, &tell));
    let mut used = Instant::now();
    while used.elapsed() < idle {
        if keeper.is_busy() {
            used = Instant::now();
        }
        Keeper::relieve(&keeper);
        match requests.recv_timeout(TURN) {
            Ok((socket, Request::Run(order), files)) => {
                used = Instant::now();
                let sent = SentProgram {
                    socket,
                    order,
                    files,
                };
                Keeper::give(&keeper, sent);
            }
            Ok((socket, Request::End, _)) => {
                answer(&socket, &Answer::Ends);
                return Ok(());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => bail!("no client can be accepted any more"),
        }
    }
    Ok(())
}

/// The machine on which programs run beside each other, if they are to.
fn in_lanes(
    place: &StandingPlace,
    description: &StandingMachines,
    bootable: &Bootable,
    runner: &Runner<'_>,
) -> Result<Option<Arc<LaneKeeper>>> {
    let Some(number) = description.at_a_time.filter(|_| !place.is_up()) else {
        return Ok(None);
    };
    let memory = runner.memory_mib.unwrap_or(MEMORY_MIB);
    Ok(match LaneKeeper::start(bootable, memory, number.get())? {
        Ok(keeper) => Some(Arc::new(keeper)),
        Err(why) => {
            let name = place.name();
            say(&format!(
                "{name}: a machine takes one program at a time: {why}"
            ));
            None
        }
    })
}

/// Accepts clients, and tells what they ask. One that says nothing keeps no other waiting;
/// what cannot be understood needs no answer.
fn accept(listener: &UnixListener, tell: &Sender<(Arc<UnixStream>, Request, Vec<OwnedFd>)>) {
    while let Ok((socket, _)) = listener.accept() {
        let tell = tell.clone();
        thread::spawn(move || {
            if let Ok((request, files)) = hear(&socket) {
                let socket = Arc::new(socket);
                let waits = Arc::downgrade(&socket);
                // At the end it is not heard.
                let _ = tell.send((socket, request, files));
                show_life(&waits);
            }
        });
    }
}

/// A program that is to be run.
struct SentProgram {
    socket: Arc<UnixStream>,
    order: ProgramOrder,
    files: Vec<OwnedFd>,
}

struct Keeper {
    bootable: Bootable,
    runner: Runner<'static>,
    /// The machine on which programs run beside each other, if they do.
    lanes: Option<Arc<LaneKeeper>>,
    /// How many machines, or lanes of one, there usually are, and at most.
    machines: RangeInclusive<usize>,
    queue: Mutex<Queue>,
}

/// Threads without work, or work without a thread. Each thread has a machine.
#[derive(Default)]
struct Queue {
    threads: usize,
    /// The last one that was used is used first: its machine is up.
    free: Vec<Sender<SentProgram>>,
    waiting: VecDeque<(Instant, SentProgram)>,
}

impl Keeper {
    fn is_busy(&self) -> bool {
        let queue = lock(&self.queue);
        queue.free.len() < queue.threads
    }

    /// Gives a program to a thread, now or once one is free.
    fn give(this: &Arc<Self>, sent: SentProgram) {
        let mut queue = lock(&this.queue);
        match queue.free.pop() {
            Some(thread) => drop(thread.send(sent)),
            None if queue.threads < *this.machines.start() => Self::add(this, &mut queue, sent),
            None => queue.waiting.push_back((Instant::now(), sent)),
        }
    }

    /// Gives a program that has waited for long a thread more.
    fn relieve(this: &Arc<Self>) {
        let mut queue = lock(&this.queue);
        let first = queue.waiting.front();
        let waits = first.is_some_and(|(since, _)| since.elapsed() >= LONG);
        if queue.threads < *this.machines.end()
            && waits
            && let Some((_, sent)) = queue.waiting.pop_front()
        {
            Self::add(this, &mut queue, sent);
        }
    }

    fn add(this: &Arc<Self>, queue: &mut Queue, sent: SentProgram) {
        queue.threads += 1;
        let (keeper, (give, given)) = (Arc::clone(this), channel());
        thread::spawn(move || keeper.work(sent, &given, &give));
    }

    /// What a thread does: QEMU ends with the one that started it.
    fn work(&self, first: SentProgram, given: &Receiver<SentProgram>, give: &Sender<SentProgram>) {
        let lanes = self.lanes.clone();
        let mut standing = lanes.map_or_else(Standing::default, Standing::in_lanes);
        let mut next = Some(first);
        while let Some(sent) = next.take().or_else(|| given.recv().ok()) {
            let answered = self.run(&sent, &mut standing);
            let answered = answered.unwrap_or_else(|error| Answer::Refused(words(&error)));
            // Free before the client knows, which may ask again at once.
            let mut queue = lock(&self.queue);
            next = queue.waiting.pop_front().map(|(_, sent)| sent);
            let is_one_of_many = queue.threads > *self.machines.start();
            let ends = next.is_none() && is_one_of_many;
            match (&next, ends) {
                (Some(_), _) => {}
                (None, true) => queue.threads -= 1,
                (None, false) => queue.free.push(give.clone()),
            }
            drop(queue);
            answer(&sent.socket, &answered);
            if ends {
                return;
            }
        }
    }

    fn run(&self, sent: &SentProgram, standing: &mut Standing) -> Result<Answer> {
        let order = &sent.order;
        let name = &self.bootable.name;
        if order.build != build() {
            bail!(
                "{name} was brought up by another build: `{} down` ends it",
                program_name()
            );
        }
        let memory = self.runner.memory_mib.unwrap_or(MEMORY_MIB);
        let beside = self.lanes.as_ref().map_or(1, |lanes| lanes.number());
        let needed = memory_for(order.size.saturating_mul(beside as u64));
        if needed > memory {
            bail!(
                "what travels takes a machine with {needed} MiB, and this one has {memory}: bring \
                 another up with --memory {needed}"
            );
        }
        let file = |number: usize| -> Result<File> {
            let file = sent
                .files
                .get(number)
                .context("the client sent too few files")?;
            Ok(file.try_clone()?.into())
        };
        let arch = Arch::named(&order.arch).context("the client named no architecture")?;
        let program = LoadedProgram {
            arch,
            initramfs: PackedInitramfs::of_file(file(0)?, order.from),
            size: order.size,
            volume: None,
        };
        let mut output = Outlet::new(file(1)?, file(2)?)?;
        // In the order in which they were sent.
        let last = sent.files.len() - usize::from(order.files);
        let wanted = order.files.then(|| file(last)).transpose()?;
        let before = last - usize::from(order.terminal);
        let changes = order.terminal.then(|| file(before)).transpose()?;
        let window = match changes {
            Some(changes) => {
                let changes = OwnedFd::from(changes).into();
                Some(Window::of_peer(changes, file(1)?.into()))
            }
            None => None,
        };
        let rest = (before > 3).then(|| file(3)).transpose()?;
        let input = rest.map(|file| Coming { file, spool: None });
        let interrupt = Interrupt::by_peer(sent.socket.try_clone()?);
        if first_ready(&[interrupt.as_fd()], Some(Instant::now()))?.is_some() {
            bail!("the client is gone");
        }
        let runner = Runner {
            timeout: order.timeout,
            memory_mib: Some(memory),
            interrupt: Some(&interrupt),
            window: window.as_ref(),
            files: wanted.as_ref(),
            ..self.runner.clone()
        };
        let ran =
            runner.run_loaded(&self.bootable, &program, input, &mut output, Some(standing))?;
        let codes = match order.legacy {
            true => ExitCodes::Legacy,
            false => ExitCodes::Standard,
        };
        Ok(Answer::Ran(
            codes.of(&ran.ending, None),
            words_of(name, &ran),
        ))
    }
}
