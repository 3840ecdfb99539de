//! What the host and the guest say to each other; may use: claims.

mod cgroup_mode;
mod digest;
mod key;
mod known_file;
mod modules;
mod native_job;
mod needs;
mod program;
mod record;
pub mod ring;
mod slowness;
mod ulimit;
pub mod wire;

pub use cgroup_mode::CgroupMode;
pub use digest::{Carried, Digest};
pub use key::Key;
pub use known_file::KnownFile;
pub use modules::{MODULES_MARK, ModuleEntry, ModuleIndex};
pub use native_job::{Confinement, NATIVE, NativeJob, NativeRecord};
pub use needs::Need;
pub use program::{
    HEARTBEAT, ProgramJob, STDIN_PATH, Status, Stdin, User, VOLUME, WINDOW, WindowSize,
};
pub use record::{CONFIG_PATH, Delivery, JOB_PATH, Job, Order, Outcome, PROGRAMS_PATH, Record};
pub use slowness::allowing_for;
pub use ulimit::Ulimit;

/// The mode of an entry, in an archive of files for the host, that says why its file could
/// not be read. No file has it.
pub const UNREAD: u32 = 0;
