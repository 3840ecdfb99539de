//! Files of this machine: read within limits, hashed, written whole, locked; and paths, also
//! of other trees. May use: nothing of this crate.

pub(crate) mod hash;
mod lock;
pub(crate) mod read;
pub(crate) mod verified;
mod walk;
mod whole;

pub use hash::Hasher;
pub use lock::{FileLock, LockError};
pub use read::open_regular;
pub(crate) use walk::names;
pub use walk::walk;
pub use whole::{write_whole, write_whole_with};
