//! Several programs at a time, each in a lane: a process in namespaces of its own, which is
//! to its program what PID 1 is to one that has the machine for itself.
//!
//! A lane has its part of the shared memory, and each task in it a key. It writes to the
//! console itself, a frame at a time. What the host says is read here and passed on to all
//! lanes: a frame under another's key is foreign to them, and the bell is for all.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::Write;
use std::mem;
use std::os::fd::AsFd;
use std::panic;
use std::process;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::mount::{MsFlags, mount};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sched::CloneFlags;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, pipe2};

use super::fingerprint::Fingerprint;
use super::pump::Signals;
use super::serial::Serial;
use super::shared_memory::GuestRings;
use super::{booted, delivery, filesystems, job, modules, network, root, run_program};
use crate::pci_memory::Mapped;
use crate::probe::{reap, wait_for};
use crate::protocol::ring::{BELL, of_lane};
use crate::protocol::wire::{Decoder, END, FOREIGN, Message, Piece};
use crate::protocol::{CONFIG_PATH, Delivery, HEARTBEAT, Job, Key, Order, ProgramJob, Record};

/// The namespaces of a lane.
const NAMESPACES: CloneFlags = CloneFlags::CLONE_NEWIPC
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWUTS);
/// How long the rest of a frame is left to come in: a UART gives eight bytes at a time.
const REST_OF_FRAME: Duration = Duration::from_millis(2);

/// What runs in a lane.
struct RunningTask {
    process: Pid,
    /// Where the host's words are passed on to it.
    to: File,
}

/// Begins programs in lanes, and ends them, as the host says.
pub(super) fn keep(
    console: &Serial,
    memory: Mapped,
    number: usize,
    fingerprint: Option<&Fingerprint>,
) -> Result<Infallible, String> {
    let failed = |errno: Errno| format!("keeping programs beside each other: {errno}");
    root::unmount();
    let signals = Signals::catch().map_err(failed)?;
    modules::offer().map_err(failed)?;
    console.send(&match lacks() {
        None => Record::Alive,
        Some(why) => Record::NotApplicable { why },
    });
    let mut lanes = LaneRouter {
        console,
        memory,
        tasks: (0..number).map(|_| None).collect(),
        decoder: Decoder::new(console.hosts_key()),
        next: 0,
        held: Vec::new(),
    };
    let mut said = Instant::now();
    loop {
        if modules::are_wanted() {
            console.post(&Record::ModulesWanted);
        }
        lanes.reap(fingerprint).map_err(failed)?;
        // Its own, whatever the lanes say: a word of a panic may be a program's.
        if said.elapsed() >= HEARTBEAT {
            console.post(&Record::Alive);
            said = Instant::now();
        }
        let patience = HEARTBEAT.saturating_sub(said.elapsed());
        let mut wanted = [PollFd::new(console.as_fd(), PollFlags::POLLIN)];
        match ppoll(
            &mut wanted,
            Some(patience.into()),
            Some(signals.unblocked()),
        ) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => lanes.hear()?,
            Err(errno) => return Err(failed(errno)),
        }
    }
}

/// What this kernel lacks for lanes, if anything.
fn lacks() -> Option<String> {
    // Only a trial tells: a kernel may have them, and make none.
    let tried = fork_apart().and_then(|child| match child {
        None => process::exit(0),
        Some(child) => wait_for(child),
    });
    if let Err(errno) = tried {
        let errno = errno.desc();
        return Some(format!(
            "the kernel makes no namespaces for each program: {errno}"
        ));
    }
    if killed_for_memory().is_none() {
        let what = "the kernel does not count the processes that it kills for want of memory";
        return Some(format!("{what}, as Linux does since 4.13"));
    }
    None
}

/// As fork(2), into new namespaces: the child is the first process in its own. None in the
/// child.
///
/// The caller has one thread.
fn fork_apart() -> Result<Option<Pid>, Errno> {
    let flags = NAMESPACES.bits() | libc::SIGCHLD;
    // SAFETY: with one thread, the child may do anything. Without a stack of its own, it goes
    // on as after fork(2).
    let child = Errno::result(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })?;
    Ok((child > 0).then(|| Pid::from_raw(child as libc::pid_t)))
}

/// How many processes the kernel has killed for want of memory.
fn killed_for_memory() -> Option<u64> {
    let counted = fs::read_to_string("/proc/vmstat").ok()?;
    let mut lines = counted.lines();
    lines.find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok())
}

struct LaneRouter<'a> {
    console: &'a Serial,
    memory: Mapped,
    tasks: Vec<Option<RunningTask>>,
    decoder: Decoder,
    /// The sequence number of the host's next frame for PID 1.
    next: u32,
    /// What was read and may belong to a frame for PID 1.
    held: Vec<u8>,
}

impl LaneRouter<'_> {
    /// Tells the host of lanes that are free again.
    fn reap(&mut self, fingerprint: Option<&Fingerprint>) -> Result<(), Errno> {
        loop {
            let process = match reap(None) {
                Ok(Some((process, _))) => process,
                Ok(None) | Err(Errno::ECHILD) => return Ok(()),
                Err(errno) => return Err(errno),
            };
            let is_it = |task: &Option<RunningTask>| {
                task.as_ref().is_some_and(|task| task.process == process)
            };
            let Some(lane) = self.tasks.iter().position(is_it) else {
                continue;
            };
            self.tasks[lane] = None;
            let are_all_free = self.tasks.iter().all(Option::is_none);
            let changed = fingerprint.and_then(|fingerprint| match are_all_free {
                true => fingerprint.changed(),
                false => fingerprint.differs(),
            });
            self.console.post(&Record::LaneEnded { lane, changed });
        }
    }

    /// Takes in what the host says.
    fn hear(&mut self) -> Result<(), String> {
        if self.decoder.is_within_frame() {
            sleep(REST_OF_FRAME);
        }
        let bytes = self.console.read();
        let bytes = bytes.map_err(|error| format!("reading the console: {error}"))?;
        // A frame at a time: what follows one may be for a lane that it has begun.
        for part in bytes.split_inclusive(|&byte| byte == END) {
            self.held.extend(part);
            let mut is_own = false;
            for piece in self.decoder.push(part) {
                match piece {
                    Piece::Message(sequence, Message::Record(order)) if sequence == self.next => {
                        self.next += 1;
                        is_own = true;
                        self.follow(order)?;
                    }
                    Piece::Text(_) | Piece::Garbled(FOREIGN) => {}
                    Piece::Message(..) => return Err(out_of_turn()),
                    Piece::Garbled(what) => {
                        return Err(format!("the host's words arrive as {what}"));
                    }
                }
            }
            if self.decoder.is_within_frame() {
                continue;
            }
            let heard = mem::take(&mut self.held);
            match is_own {
                false => self.pass_on(&heard),
                true if heard.contains(&BELL) => self.pass_on(&[BELL]),
                true => {}
            }
        }
        Ok(())
    }

    fn follow(&mut self, order: Order) -> Result<(), String> {
        match order {
            Order::Begin {
                lane,
                key,
                delivery,
            } => {
                let memory = of_lane(self.memory, lane);
                match (self.tasks.get_mut(lane), memory) {
                    (Some(task @ None), Some(memory)) => {
                        *task = Some(begin(self.console, key, memory, &delivery)?);
                        Ok(())
                    }
                    _ => Err(out_of_turn()),
                }
            }
            Order::End { lane } => {
                if let Some(Some(task)) = self.tasks.get(lane) {
                    // With the first process of their namespace, all others end.
                    let _ = kill(task.process, Signal::SIGKILL);
                }
                Ok(())
            }
            Order::Rescan => {
                modules::rescan();
                Ok(())
            }
            _ => Err(out_of_turn()),
        }
    }

    /// A task that reads nothing for so long that there is no room misses a frame, and says
    /// so.
    fn pass_on(&self, bytes: &[u8]) {
        for task in self.tasks.iter().flatten() {
            let _ = (&task.to).write(bytes);
        }
    }
}

fn out_of_turn() -> String {
    "the host says what is not its turn to say".to_owned()
}

/// Begins a task in a process with namespaces of its own.
fn begin(
    console: &Serial,
    sent: Key,
    memory: Mapped,
    delivery: &Delivery,
) -> Result<RunningTask, String> {
    let failed = |errno: Errno| format!("beginning a program beside others: {errno}");
    let (from, to) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
    fcntl(&to, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(failed)?;
    match fork_apart().map_err(failed)? {
        None => {
            drop(to);
            do_task(&console.of_task(sent, from.into()), memory, delivery)
        }
        Some(process) => Ok(RunningTask {
            process,
            to: to.into(),
        }),
    }
}

/// What the first process of a lane does.
fn do_task(console: &Serial, memory: Mapped, delivery: &Delivery) -> ! {
    let last_words = console.clone();
    panic::set_hook(Box::new(move |panic| {
        last_words.send(&Record::Broken {
            why: format!("a lane of the guest {panic}"),
        });
        process::exit(1)
    }));
    if let Err(why) = run(console, memory, delivery) {
        console.send(&Record::Broken { why });
    }
    process::exit(0)
}

fn run(console: &Serial, memory: Mapped, delivery: &Delivery) -> Result<(), String> {
    furnish_namespaces()?;
    let mut rings = GuestRings::beside_others(memory, console);
    delivery::take(console, &mut rings, delivery, None)?;
    let Job::Program(program) = job()? else {
        return Err(out_of_turn());
    };
    if let Some(what) = takes_machine_for(&program) {
        return Err(format!("a program with {what} has a machine for itself"));
    }
    console.send(&booted()?);
    let killed = killed_for_memory();
    run_program::run(console, &program, Some(&mut rings), None)?;
    if killed_for_memory() != killed {
        let what = "the kernel has killed a process for want of memory, of which programs beside \
                    each other have one";
        return Err(what.to_owned());
    }
    console.send(&Record::Finished { scenarios: 0 });
    Ok(())
}

/// Gives new namespaces what those of a machine have.
fn furnish_namespaces() -> Result<(), String> {
    let failed =
        |what: &str, errno: Errno| format!("making namespaces for a program: {what}: {errno}");
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(|errno| failed("mounts", errno))?;
    // Each task has files of its own there.
    let config = fs::read(CONFIG_PATH);
    let own = Some("tmpfs");
    mount(own, "/strata", own, MsFlags::empty(), Some("mode=0755"))
        .map_err(|errno| failed("/strata", errno))?;
    if let Ok(config) = config {
        let _ = fs::write(CONFIG_PATH, config);
    }
    // Over those of the machine: they show the namespaces of those who mount them.
    filesystems::mount_basic()?;
    filesystems::mount_for_programs();
    let _ = network::bring_loopback_up();
    Ok(())
}

/// What of a program's job is for a machine that does nothing else, if anything.
fn takes_machine_for(program: &ProgramJob) -> Option<&'static str> {
    let takes = [
        (!program.modules.is_empty(), "modules"),
        (!program.needs.is_empty(), "needs"),
        (program.network, "a network"),
        (!program.disks.is_empty(), "disks"),
        (program.volume, "a volume"),
        (program.cgroup.is_some(), "control groups mounted for it"),
    ];
    let taken = takes.into_iter().find(|(is_taken, _)| *is_taken);
    taken.map(|(_, what)| what)
}
