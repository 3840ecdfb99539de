//! What a run found, as data: events, rows, verdicts, and records of past runs. May
//! use: `system`.

mod accelerator;
mod audit;
mod changes;
mod downloads;
mod end;
mod event;
mod event_bus;
mod failures;
mod log_reader;
mod log_writer;
mod matrix;
mod merged;
mod score;
mod seconds;
mod shard;
mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod verdict;

pub use accelerator::{Accelerator, ChosenAccelerator};
pub use audit::Flaw;
pub use changes::{ChangedCell, ChangedKernel, Changes};
pub use downloads::Downloads;
pub use end::End;
pub use event::{Event, FORMAT, Header};
pub use event_bus::{EventBus, Sink, Watcher};
pub use failures::Failures;
pub use log_reader::PastRun;
pub use log_writer::EventLog;
#[cfg(feature = "schema")]
pub use log_writer::schema;
pub use matrix::{Exit, Matrix, Problem, Row, Substitute};
pub use merged::{Merged, MergedRun, Place, Sighting, Worst, missing_shards};
pub use score::{FamilyScore, Score};
pub use shard::{ParseShardError, Shard};
pub use tally::Tally;
pub use verdict::{Cell, Claimed, Comparison, Verdict};
