//! Fetches kernels ahead of time.

use std::num::NonZeroUsize;

use anyhow::Result;
use images::{Kernel, ObtainError, Progress, Store};

use crate::results::{Downloads, Watcher};
use crate::system::side_by_side;

/// How many downloads may run at the same time.
const STREAMS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// Fetches kernels that are not in the cache. One that cannot be obtained is noted and
/// is no failure. Returns how many those are.
///
/// # Errors
/// If a verification or this machine fails.
pub fn fetch_all(store: &Store, kernels: &[Kernel], watcher: &dyn Watcher) -> Result<usize> {
    let progress = Downloads::told_to(watcher);
    let mut unavailable = 0;
    let mut failed = None;
    let obtain = |kernel: &Kernel| {
        let Kernel::Catalogued(entry) = kernel else {
            return Ok(());
        };
        let result = store.obtain(entry, &progress).map(drop);
        if let Err(ObtainError::Unavailable { why }) = &result {
            progress.note(&format!("{kernel}: cannot be had: {why}"));
        }
        result
    };
    side_by_side(STREAMS, kernels, obtain, |result| match result {
        Ok(()) => {}
        Err(ObtainError::Unavailable { .. }) => unavailable += 1,
        Err(error) => {
            failed.get_or_insert(error);
        }
    });
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(unavailable),
    }
}
