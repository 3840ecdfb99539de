//! What probes are made of: children that say who they are, and threads that
//! stay.

mod child;
mod thread;

pub use child::Child;
pub use nix::errno::Errno;
pub use nix::sched::{CloneFlags, unshare};
pub use thread::Bystander;
