//! Files of this machine: read within limits, hashed, written whole, locked. May use:
//! nothing of this crate.

pub(crate) mod hash;
mod lock;
pub(crate) mod read;
pub(crate) mod verified;
mod whole;

pub use lock::{FileLock, LockError};
pub use read::open_regular;
pub use whole::{write_whole, write_whole_with};
