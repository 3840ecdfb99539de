//! Work on several items at a time. May use: nothing else.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Runs `work` on every item, `jobs` at a time. Passes the results to `done` in the
/// order of the items, each as soon as all before it are there.
pub fn side_by_side<T: Sync, R: Send>(
    jobs: NonZeroUsize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut done: impl FnMut(R),
) {
    let next = AtomicUsize::new(0);
    let (tell, hear) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.get().min(items.len()) {
            let tell = tell.clone();
            scope.spawn(|| {
                let tell = tell;
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    // The receiver is gone only if `done` has panicked.
                    let _ = tell.send((index, work(item)));
                }
            });
        }
        drop(tell);
        let mut early = BTreeMap::new();
        let mut turn = 0;
        for (index, result) in hear {
            early.insert(index, result);
            while let Some(result) = early.remove(&turn) {
                done(result);
                turn += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let slow_first = |&item: &u64| {
            thread::sleep(Duration::from_millis(20 * (3 - item)));
            item * 10
        };
        let mut results = Vec::new();
        let jobs = NonZeroUsize::new(3).unwrap();
        side_by_side(jobs, &[0, 1, 2, 3], slow_first, |result| {
            results.push(result)
        });
        assert_eq!(results, [0, 10, 20, 30]);
    }
}
