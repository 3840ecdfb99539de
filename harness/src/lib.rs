//! From bytes that boot to a verdict.
//!
//! Data flows one way: a kernel becomes a [`Machine`], whose console becomes a
//! [`Transcript`] and the records in it; these, held against the claims, become
//! the [`Cell`]s of a [`Row`], and rows a [`Matrix`], which is reported.

pub mod accelerator;
mod audit;
mod bench;
pub mod bisect;
pub mod boot;
mod busybox;
mod child;
mod console;
mod conversation;
pub mod doctor;
mod end;
mod event;
mod event_log;
mod examine;
mod fetch;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod guest_binary;
mod history;
mod image_release;
pub mod initramfs;
mod interrupt;
mod inventory;
mod keeper;
mod kernel_dir;
mod listener;
mod machine;
mod matrix;
mod merged;
mod nameless;
mod native;
mod once;
mod outlet;
mod patience;
mod printable;
mod program;
mod program_name;
pub mod project;
pub mod qemu;
mod ready;
mod remembered;
pub mod report;
mod run;
mod seconds;
mod selection;
mod shard;
mod shell_word;
mod side_by_side;
pub mod stdio;
mod stream;
mod subject;
mod suite;
mod tally;
mod target;
mod terminal;
mod transcript;
mod upkeep;
mod verdict;
mod workspace;

pub use accelerator::{Accelerator, Choice, Wish};
pub use audit::Flaw;
pub use bench::{Bench, Bootable};
pub use boot::Deadlines;
pub use busybox::busybox;
pub use child::dies_with_this;
pub use console::{Console, Heard};
pub use end::End;
pub use event::{Event, FORMAT, Header};
pub use event_log::EventLog;
pub use examine::{Findings, examine};
pub use fetch::fetch_all;
pub use guest_binary::guest_binary;
pub use history::History;
pub use interrupt::Interrupt;
pub use inventory::{CachedStock, Stock, cached_kernels, inventory};
pub use machine::{Machine, Running};
pub use matrix::{Exit, Matrix, Problem, Row, Substitute};
pub use merged::{Merged, Place, Sighting, Source, Worst};
pub use nameless::Debugger;
pub use native::native;
pub use outlet::{Drained, Outlet};
pub use program::{
    BadRequest, Captured, Collected, Coming, Ending, Finished, Limits, Named, Output, Packed,
    Program, Ran, Refusal, Runner, Screen, Session, Several, SharedStdin, Stdin, Streams, TIMEOUT,
    words_of_run,
};
pub use program_name::{program_name, set_program_name};
pub use qemu::{Launch, Qemu, QemuChoice};
pub use run::Run;
pub use selection::{UnknownScenario, scenarios_named};
pub use shard::{ParseShardError, Shard};
pub use side_by_side::side_by_side;
pub use stream::{Downloads, Sink, Stream, Watcher};
pub use subject::{Subject, claimed_version};
pub use suite::Suite;
pub use tally::Tally;
pub use target::{Target, Targets};
pub use terminal::{RawTerminal, Window};
pub use transcript::Transcript;
pub use verdict::{Cell, Claimed, Comparison, Verdict, judge};
pub use workspace::{RUNS, RunDir, is_in_workspace, root, runs, target};
