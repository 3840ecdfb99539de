//! Fetches kernels ahead of time.

use std::num::NonZeroUsize;

use anyhow::Result;
use images::{Kernel, ObtainError, Progress, Store};

use crate::results::{Downloads, Watcher};
use crate::system::{grouped, side_by_side};

/// How many downloads may run at the same time.
const STREAMS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// Fetches kernels that are not in the cache. Those that cannot be obtained are noted
/// at the end, all of one reason together, and are no failure. Returns how many those
/// are.
///
/// # Errors
/// If a verification or this machine fails.
pub fn fetch_all(store: &Store, kernels: &[Kernel], watcher: &dyn Watcher) -> Result<usize> {
    let progress = Downloads::told_to(watcher);
    let mut unavailable = Vec::new();
    let mut failed = None;
    let obtain = |kernel: &Kernel| match kernel {
        Kernel::Catalogued(_) | Kernel::Vendored(_) => {
            (kernel.name(), store.obtain_any(kernel, &progress).map(drop))
        }
        Kernel::File(_) => (kernel.name(), Ok(())),
    };
    side_by_side(STREAMS, kernels, obtain, |(name, result)| match result {
        Ok(()) => {}
        Err(ObtainError::Unavailable { why }) => unavailable.push((why, name)),
        Err(error) => {
            failed.get_or_insert(error);
        }
    });
    let count = unavailable.len();
    for (why, names) in grouped(unavailable) {
        progress.note(&format!("{}: cannot be had: {why}", names.join(", ")));
    }
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(count),
    }
}
