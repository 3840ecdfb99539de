//! What a run found, as data: events, rows, verdicts, and records of past runs. May
//! use: `system`.

mod accelerator;
mod audit;
mod downloads;
mod end;
mod event;
mod event_bus;
mod log_reader;
mod log_writer;
mod matrix;
mod merged;
#[cfg(test)]
pub(crate) mod samples;
mod seconds;
mod shard;
mod tally;
mod verdict;

pub use accelerator::{Accelerator, Choice};
pub use audit::Flaw;
pub use downloads::Downloads;
pub use end::End;
pub use event::{Event, FORMAT, Header};
pub use event_bus::{Sink, Stream, Watcher};
pub use log_reader::Run;
pub use log_writer::EventLog;
pub use matrix::{Exit, Matrix, Problem, Row, Substitute};
pub use merged::{Merged, Place, Sighting, Source, Worst};
pub use shard::{ParseShardError, Shard};
pub use tally::Tally;
pub use verdict::{Cell, Claimed, Comparison, Verdict};
