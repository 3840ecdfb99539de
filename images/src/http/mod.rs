//! Files from servers: requests with deadlines, proxies, downloads that are resumed
//! and verified. May use: messages, files.

pub(crate) mod by_hash;
pub(crate) mod client;
pub(crate) mod download;
pub(crate) mod first_source;
pub(crate) mod guard;
pub(crate) mod headers;
pub(crate) mod proxy;
pub(crate) mod timeouts;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks what is sound even if a thread panicked while it had it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
