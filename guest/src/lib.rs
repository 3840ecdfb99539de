//! The program that runs inside the kernel under test, and what it shares with the
//! host: the records on the wire, the versions of kernels, and the table of
//! scenarios with its claims.
//!
//! The guest reports what it *observed*; whether that is right, the host judges,
//! from the same table.

pub mod arch;
pub mod claims;
mod concat;
pub mod faults;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod modprobe;
pub mod native;
mod pci_memory;
pub mod pid1;
mod printable;
pub mod probe;
mod processor;
pub mod protocol;
pub mod scenarios;

pub use arch::{AARCH64, Arch, HOST, X86_64};
pub use claims::{
    Claim, Commit, Fact, Facts, Lineage, Observation, ObservedTable, ParseVersionError, Probe,
    ProbeError, RunningKernel, Scenario, VendorClaim, Version,
};
pub use printable::printable;
pub use protocol::{
    CONFIG_PATH, Carried, CgroupMode, Confinement, Delivery, Digest, HEARTBEAT, JOB_PATH, Job, Key,
    KnownFile, MODULES_MARK, ModuleEntry, ModuleIndex, NATIVE, NativeJob, NativeRecord, Need,
    Order, Outcome, PROGRAMS_PATH, ProgramJob, Record, STDIN_PATH, Status, Stdin, UNREAD, Ulimit,
    User, VOLUME, WINDOW, WindowSize, allowing_for, ring, wire,
};
