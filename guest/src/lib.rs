//! What the host and the guest share: the records on the wire, the versions of
//! kernels, and the table of scenarios with its claims.
//!
//! The guest itself is this crate's binary. It is PID 1 on the kernel under
//! test and reports what it *observed*; whether that is right is the host's to
//! say, from the same table.

mod claim;
pub mod faults;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod kernel;
mod key;
mod native;
mod observation;
mod printable;
pub mod probe;
mod program;
mod record;
mod scenario;
pub mod scenarios;
mod slowness;
mod supervisor;
mod version;
mod waiting;
pub mod wire;

pub use claim::{Claim, Commit};
pub use kernel::{Kernel, Lineage};
pub use key::Key;
pub use native::{Confinement, NATIVE, NativeJob, NativeRecord};
pub use observation::{Fact, Observation};
pub use printable::printable;
pub use program::{HEARTBEAT, Program, STDIN_PATH, Status, Stdin, User, WINDOW, WindowSize};
pub use record::{JOB_PATH, Job, Order, Outcome, Record};
pub use scenario::{Facts, Probe, ProbeError, Scenario};
pub use slowness::allowing_for;
pub use supervisor::supervise;
pub use version::{ParseVersionError, Version};
pub use waiting::{reap, wait_for};
