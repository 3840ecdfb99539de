//! What a stress run comes to.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Exit;

/// The figures of a stress run, or of a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Machines that were booted by this process.
    pub boots: usize,
    /// The same, by kernel.
    pub by_kernel: BTreeMap<String, usize>,
    /// Scenarios whose result arrived and was judged.
    pub results: usize,
    /// Faults that were injected, by their names.
    pub faults: BTreeMap<String, usize>,
    /// Runs on a host that made them difficult, by what it did.
    pub hostile: BTreeMap<String, usize>,
    /// Runs of the harness that were killed in the middle.
    pub killed: usize,
    /// Results that arrived and are not what they must be.
    pub wrong: Vec<String>,
    /// Results that did not arrive though nothing was done to prevent it.
    pub lost: Vec<String>,
    /// Processes and files that were left behind.
    pub orphans: Vec<String>,
    /// Boots that were made again because the host was at fault.
    pub retries: Vec<String>,
    /// The longest that one kernel took, from its first boot to its last word.
    pub longest: Duration,
}

impl Figures {
    /// Takes in those of another part.
    pub(super) fn add(&mut self, other: Self) {
        self.boots += other.boots;
        self.results += other.results;
        self.killed += other.killed;
        for (name, count) in other.by_kernel {
            *self.by_kernel.entry(name).or_default() += count;
        }
        for (name, count) in other.faults {
            *self.faults.entry(name).or_default() += count;
        }
        for (name, count) in other.hostile {
            *self.hostile.entry(name).or_default() += count;
        }
        self.wrong.extend(other.wrong);
        self.lost.extend(other.lost);
        self.orphans.extend(other.orphans);
        self.retries.extend(other.retries);
        self.longest = self.longest.max(other.longest);
    }

    /// A boot made again is no fault of the harness.
    pub(super) fn nothing_went_wrong(&self) -> bool {
        self.wrong.is_empty() && self.lost.is_empty() && self.orphans.is_empty()
    }

    /// What it comes to.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.boots == 0 {
            return Exit::Unable;
        }
        if self.nothing_went_wrong() {
            Exit::Agreed
        } else {
            Exit::Disagreed
        }
    }
}
