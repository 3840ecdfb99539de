//! Kernels fetched ahead of time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;
use images::{Kernel, ObtainError, Progress, Store};

/// How many downloads may run at the same time.
const STREAMS: usize = 4;

/// Fetches what is not in the cache. What cannot be had is noted, no failure;
/// says how many those are.
///
/// # Errors
/// Where something that came was not what was promised, or this machine failed.
pub fn fetch_all(store: &Store, kernels: &[Kernel], progress: &dyn Progress) -> Result<usize> {
    let next = AtomicUsize::new(0);
    let unavailable = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..STREAMS {
            scope.spawn(|| {
                while let Some(kernel) = kernels.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Kernel::Catalogued(entry) = kernel else {
                        continue;
                    };
                    match store.obtain(entry, progress) {
                        Ok(_) => {}
                        Err(ObtainError::Unavailable { why }) => {
                            unavailable.fetch_add(1, Ordering::Relaxed);
                            progress.note(&format!("{kernel}: cannot be had: {why}"));
                        }
                        Err(error) => {
                            if let Ok(mut failed) = failed.lock() {
                                failed.get_or_insert(error);
                            }
                        }
                    }
                }
            });
        }
    });
    match failed.into_inner() {
        Ok(Some(error)) => Err(error.into()),
        _ => Ok(unavailable.into_inner()),
    }
}
