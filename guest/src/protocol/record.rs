//! What the guest tells the host, and what the host asks of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Carried, Key, ProgramJob, Status, WindowSize};
use crate::claims::{Observation, RunningKernel};

/// Where the guest finds its [`Job`], as JSON.
pub const JOB_PATH: &str = "/strata/job.json";

/// The file that tells a machine which waits that its jobs are programs.
pub const PROGRAMS_PATH: &str = "/strata/programs";

/// The file with the kernel's configuration, if the host has it.
pub const CONFIG_PATH: &str = "/strata/config";

/// What the host asks of the guest in one boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one job at a time")]
pub enum Job {
    /// To look at scenarios.
    Scenarios {
        /// Their names, in the order in which to run them.
        names: Vec<String>,
        /// How long each may take, in milliseconds of the guest's clock; more on a
        /// slow machine ([`allowing_for`](super::allowing_for)).
        deadline_ms: u64,
    },
    /// To run a program.
    Program(ProgramJob),
    /// To run programs beside each other, each in a lane: [`Order::Begin`] says when.
    Lanes {
        /// How many lanes there are, each with [its part](super::ring::of_lane) of the
        /// shared memory.
        number: usize,
    },
}

/// What the host asks of the guest once it is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The answer to [`Record::Hello`]: all that follows is under this key.
    Key(Key),
    /// The answer to [`Record::Waiting`], and the next job of a machine that was given
    /// its last one in this way: all that follows is under this key, and numbered from
    /// its beginning.
    Deliver(Key, Delivery),
    /// To begin a program in a lane that is free. What its guest and host say to each other is
    /// under [another key](Key::with), of which a part is sent, and numbered from its
    /// beginning.
    Begin {
        /// The lane, counted from 0.
        lane: usize,
        /// The part of the key.
        key: Key,
        /// The job, through the lane's part of the shared memory.
        delivery: Delivery,
    },
    /// To kill all that runs in a lane.
    End {
        /// The lane.
        lane: usize,
    },
    /// The answer to [`Record::Late`], and to [`Record::FilesFollow`]: the host has seen
    /// what it wanted to see, and has taken all of the program's output.
    GoOn,
    /// The answer to [`Record::ModulesWanted`]: the machine has a device more.
    Rescan,
    /// There is no more for the program to read.
    EndOfStdin,
    /// The size of the program's terminal has changed.
    Resize(WindowSize),
}

/// What is sent to a machine that waits. It may have been restored from a state that
/// was saved at any time, so it brings what such a state must not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The length of the archive (cpio, "newc") that comes through the
    /// [ring](super::ring) of stdin, before the program's input. The job is in it.
    pub bytes: u64,
    /// Whether a list of [known files](super::KnownFile) follows the archive, as JSON.
    pub known: bool,
    /// Where in the stream it begins, counted from its beginning: an earlier program may
    /// have left input unread.
    pub from: u64,
    /// The time, since 1970.
    pub now: Duration,
    /// Random bytes for the kernel's generator.
    pub entropy: [u8; 32],
}

/// One message of the guest. The order on the wire is `Hello`, `Booted`, then for
/// each scenario `Started` and `Ended`, then `Finished`: a report without its end
/// marker is no report. Of a program it is `ProgramStarted`, then its output,
/// `Taken` and `Alive` as they come, `ProgramEnded` and `Finished`; before the last one
/// `FilesFollow`, an archive and `FilesEnd`, if the host wants files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// PID 1 is up and asks for the key of this boot. It is said under no key and
    /// before the sequence begins.
    Hello,
    /// PID 1 is up, has no job, and waits for one. As `Hello`, it is said under no key.
    Waiting {
        /// Whether it can take one: by [shared memory](super::ring).
        shared: bool,
    },
    /// The contents of known files are wanted, through the ring of stdin, in this order.
    ContentsWanted {
        /// Which of the list.
        numbers: Vec<usize>,
    },
    /// PID 1 is up, on this kernel.
    Booted {
        /// As uname(2) tells.
        kernel: RunningKernel,
    },
    /// A scenario begins.
    Started {
        /// Its name.
        scenario: String,
    },
    /// A scenario is out of time. Its processes are killed once the host has looked at
    /// them, or some seconds later.
    Late {
        /// Its name.
        scenario: String,
    },
    /// A scenario is over.
    Ended {
        /// Its name.
        scenario: String,
        /// How it ended.
        outcome: Outcome,
        /// What it saw until then.
        observation: Observation,
    },
    /// The program runs.
    ProgramStarted {
        /// Whether on a terminal. Not where none was asked for, or this kernel
        /// has no pseudo-terminals.
        terminal: bool,
        /// Whether its streams are carried by [shared memory](super::ring), and
        /// not on the console.
        shared: bool,
    },
    /// The program cannot be executed, says the kernel; nothing follows.
    ProgramRefused {
        /// Its path, and the kernel's error.
        why: String,
        /// Whether the program, or its interpreter, does not exist.
        missing: bool,
    },
    /// The program is not started, for this kernel or machine lacks what it needs; nothing
    /// follows.
    NotApplicable {
        /// What is missing.
        why: String,
    },
    /// The program was given what the host sent, up to this frame: there is
    /// room for more.
    Taken {
        /// The sequence number of the frame.
        sequence: u32,
    },
    /// The program will read no more.
    StdinClosed,
    /// Nothing has happened for a while, but the guest is there.
    Alive,
    /// The program is over, and all of its output that there was has been sent.
    ProgramEnded {
        /// How it ended.
        status: Status,
        /// Whether its output has come to its end. Not where a process that it
        /// has left behind cannot be killed, and may still write.
        whole: bool,
        /// What the guest has taken out of the ring of stdin, and put into those of
        /// stdout and stderr, if they were used.
        carried: Option<[Carried; 3]>,
    },
    /// The kernel, or the program's job, asks for a module: the host is to attach the
    /// device that holds them, and the network, disks and volume that the job has.
    ModulesWanted,
    /// The files follow that the host wants, as an archive (cpio, "newc") in the place of
    /// stdout, once the host says so.
    FilesFollow,
    /// The archive is complete, as far as the guest could make it.
    FilesEnd {
        /// What was carried since the program's start, the archive with it.
        carried: Option<[Carried; 3]>,
    },
    /// All that ran in a lane has ended, however it did: it is free.
    LaneEnded {
        /// The lane.
        lane: usize,
        /// What has changed of the machine, if anything: it is for no other program.
        changed: Option<String>,
    },
    /// The job is not done here, for an earlier one has changed the machine; nothing
    /// follows.
    Changed {
        /// What has changed.
        what: String,
    },
    /// The shared memory holds what neither side has written, or is gone; nothing
    /// follows.
    Garbled {
        /// What has happened to it.
        what: String,
    },
    /// The guest cannot go on; nothing follows.
    Broken {
        /// What went wrong.
        why: String,
    },
    /// The end marker: the whole job was done.
    Finished {
        /// How many scenarios were run.
        scenarios: usize,
    },
}

/// How a scenario's process ended; no verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The probe ran to its end.
    Completed,
    /// This kernel cannot be asked, and why.
    NotApplicable(String),
    /// Something failed that the scenario does not examine.
    Failed(String),
    /// Its process ended by itself before it was done: `exit status 101`,
    /// `signal 11`.
    Died(String),
    /// Its deadline passed.
    TimedOut,
}
