//! Mutexes of which a panic elsewhere makes no other threads panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks. Whatever a thread that panicked had begun, what is locked here is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
