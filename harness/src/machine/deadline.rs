//! Deadlines, and how they are extended on a loaded host.

use std::fs;
use std::time::{Duration, Instant};

use crate::results::{Accelerator, End};

/// The default time that the guest may need around a scenario or program.
pub(crate) const GRACE: Duration = Duration::from_secs(20);

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the start of QEMU to the guest's first record.
    pub boot: Duration,
    /// For each scenario, by the guest's clock. The guest extends it on a slow machine
    /// ([`guest::allowing_for`]).
    pub scenario: Duration,
    /// What the guest may need around a scenario, to kill orphans and on a slow host.
    pub grace: Duration,
}

impl Deadlines {
    /// The deadlines for a machine of this kind.
    ///
    /// A Debian kernel under emulation is up in 2 s on an idle host, so there is
    /// room for one that is 60 times slower.
    #[must_use]
    pub fn of(accelerator: Accelerator) -> Self {
        let boot = match accelerator {
            Accelerator::Kvm => Duration::from_secs(60),
            Accelerator::Tcg => Duration::from_secs(120),
        };
        Self {
            boot,
            scenario: Duration::from_secs(30),
            grace: GRACE,
        }
    }
}

/// The limit of the extension, as a factor: every wait ends.
const MOST: u32 = 10;

/// What is waited for, and until when.
///
/// When the deadline passes, it is extended by the time for which QEMU's threads have
/// waited for a processor (schedstat) since the machine started, up to 10 times the
/// original wait.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    name: String,
    since: Instant,
    patience: Duration,
    pub(crate) until: Instant,
}

impl Wait {
    pub(crate) fn new(name: impl Into<String>, patience: Duration) -> Self {
        let since = Instant::now();
        Self {
            name: name.into(),
            since,
            patience,
            until: since + patience,
        }
    }

    /// Extends the deadline by a pause.
    pub(crate) fn postpone(&mut self, pause: Duration) {
        self.since += pause;
        self.until += pause;
    }

    /// Whether to wait on after the deadline, given how long the machine was kept
    /// waiting.
    pub(crate) fn goes_on(&mut self, kept_waiting: Duration) -> bool {
        self.until = self.since + excused(self.patience, kept_waiting);
        Instant::now() < self.until
    }

    /// The end of a boot in which this did not come, unless it is waited for further.
    pub(crate) fn overdue(&mut self, kept_waiting: Duration) -> Option<End> {
        let name = &self.name;
        let end = End::Hung(format!("waited too long for {name}"));
        (!self.goes_on(kept_waiting)).then_some(end)
    }
}

/// The patience with a machine that was kept waiting for this long.
pub(crate) fn excused(patience: Duration, kept_waiting: Duration) -> Duration {
    (patience + kept_waiting).min(patience * MOST)
}

/// The total time for which the threads of a process have waited for a processor. Zero
/// on a host whose kernel does not count it (CONFIG_SCHED_INFO).
pub(crate) fn kept_waiting(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    let threads = threads.into_iter().flatten().flatten();
    threads
        .filter_map(|thread| {
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            waited(&text)
        })
        .sum()
}

/// The second of the three numbers in `schedstat`: nanoseconds on a run queue
/// (Documentation/scheduler/sched-stats.rst).
fn waited(schedstat: &str) -> Option<Duration> {
    let nanoseconds = schedstat.split_whitespace().nth(1)?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// How much processor time it takes at least to load QEMU, let alone to run a machine:
/// QEMU 7.2 takes 18 ms to tell its version, and a kernel that resets the machine at its
/// first instruction 85 ms. A script that exits takes one or two.
const LOADING: Duration = Duration::from_millis(10);

/// Whether a process, which may be a zombie, and its children used too little processor
/// time to have run a machine. False if the host does not count it.
pub(crate) fn ran_nothing(process: u32) -> bool {
    let field = |text: &str, number: usize| -> Option<u64> {
        text.split_ascii_whitespace().nth(number)?.parse().ok()
    };
    let read = |name: &str| fs::read_to_string(format!("/proc/{process}/{name}")).ok();
    // Nanoseconds on a processor, of the first thread.
    let own = read("schedstat").and_then(|text| field(&text, 0));
    // `PID (comm) state …`: cutime and cstime, in ticks (proc_pid_stat(5)).
    let of_children = read("stat").and_then(|text| {
        let (_, text) = text.rsplit_once(')')?;
        Some(field(text, 13)? + field(text, 14)?)
    });
    match (own, of_children) {
        (Some(own), Some(0)) => Duration::from_nanos(own) < LOADING,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_goes_on_for_as_long_as_the_host_was_busy_elsewhere() {
        let second = Duration::from_secs(1);
        let mut wait = Wait::new("a test", Duration::ZERO);
        assert!(!wait.goes_on(Duration::ZERO));
        assert!(!wait.goes_on(second), "ten times nothing is nothing");
        let mut wait = Wait::new("a test", second);
        wait.since -= 2 * second;
        assert!(!wait.goes_on(Duration::ZERO));
        assert!(!wait.goes_on(second));
        assert!(wait.goes_on(2 * second));
        wait.since -= 9 * second;
        assert!(!wait.goes_on(100 * second), "no wait is without an end");
    }

    #[test]
    fn the_kernel_says_how_long_a_thread_waited() {
        let waited = waited("4359570 1500000000 12\n");
        assert_eq!(waited, Some(Duration::from_millis(1500)));
        assert_eq!(super::waited(""), None);
        assert_eq!(kept_waiting(u32::MAX), Duration::ZERO);
    }
}
