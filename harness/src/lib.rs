//! From bytes that boot to a verdict.
//!
//! Data flows one way: a kernel becomes a [`Machine`], whose console becomes a
//! [`Transcript`] and the records in it; these, held against the claims, become
//! the [`Cell`]s of a [`Row`], and rows a [`Matrix`], which is reported.
//!
//! The code lies in rooms, each a folder that uses only those before it in this order:
//! `system`, `results`, `machine`, `payload`, `kernels`, `scenarios`, `programs`,
//! `bisect`, `report`. `tests/arrows.rs` holds them to it. What is named here is for
//! other crates; inside, a type is named by its room.

pub mod bisect;
mod kernels;
mod machine;
mod payload;
mod programs;
pub mod report;
mod results;
mod scenarios;
mod system;

pub use kernels::{
    AcceleratorChoice, Bootable, CachedStock, ComparedKernels, Machines, ShownKernel, Stock,
    Subject, cached_kernels, choose, claimed_version, doctor, fetch_all, inventory, prune_machines,
};
pub use machine::{
    Boot, Console, ConsoleRead, Deadlines, Debugger, EndedScenario, Launch, Machine, Network,
    PublishedPort, Qemu, QemuChoice, RunningMachine, Transcript, boot, launch_script,
};
pub use payload::{BadRequest, PackedProgram, Program, guest_binary, initramfs};
#[cfg(feature = "schema")]
pub use programs::suite_schema;
pub use programs::{
    Captured, Collected, Coming, Disks, Ending, ExitCodes, Finished, Input, Limits, Output,
    OutputStreams, ProgramSuite, Ran, RecordedChange, Runner, Screen, Session, Several,
    SharedInput, StandingPlace, StandingRun, SuiteFile, TIMEOUT, TestOrder, WantedDisk, WantedFile,
    busybox, check_wanted, closing_line, disk_names, end, failure, interrupted, record, run_in,
    say_of_left_out, say_of_run, serve, unpack_files, words_of_run,
};
#[cfg(feature = "schema")]
pub use results::schema;
pub use results::{
    Accelerator, Cell, ChangedCell, ChangedKernel, Changes, ChosenAccelerator, Claimed, Comparison,
    Downloads, End, Event, EventBus, EventLog, Exit, FORMAT, Failures, FamilyScore, Flaw, Header,
    Matrix, Merged, MergedRun, ParseShardError, PastRun, Place, Problem, Row, Score, Shard,
    Sighting, Sink, Substitute, Tally, Verdict, Watcher, Worst, missing_shards,
};
pub use scenarios::{
    Found, Mention, Suite, Target, Targets, UnknownScenario, examine, judge, native,
    scenarios_named,
};
pub use system::{
    Drained, Interrupt, Outlet, RUNS, RawTerminal, RunDir, Window, advised, dies_with_this,
    is_in_workspace, program_name, project, root, runs, say, set_program_name, side_by_side, stdio,
    target, words,
};

/// What must hold for any bytes: all of it panics where something does not hold.
#[cfg(feature = "fuzzing")]
pub mod fuzzing {
    pub use crate::machine::fuzzing::console;
    pub use crate::payload::fuzzing::{elf, ld_cache, script};
}
