//! The figures of a stress run, and how they are shown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use harness::Exit;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// A machine that this process booted.
    Boot,
    /// A scenario whose result arrived and is right.
    Right,
    /// A fault that was injected.
    Fault,
    /// A run that was killed before it ended.
    Killed,
    /// A run on a hostile host.
    Hostile,
    /// A result that arrived and is not what it must be.
    Wrong,
    /// A result that did not arrive though nothing prevented it.
    Lost,
    /// A process or a file that was left behind.
    Orphan,
    /// A boot that was made again, since the host was at fault: nothing went wrong.
    Retry,
}

/// What should not be found.
pub(super) const WENT_WRONG: [Finding; 3] = [Finding::Wrong, Finding::Lost, Finding::Orphan];

/// What was found, each with its name or what is to be said of it.
#[derive(Default)]
pub(crate) struct Figures {
    findings: Vec<(Finding, String)>,
    /// The longest that one kernel took for all its boots.
    pub(super) longest: Duration,
}

impl Figures {
    pub(super) fn find(&mut self, what: Finding, text: impl Into<String>) {
        self.findings.push((what, text.into()));
    }

    pub(super) fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.longest = self.longest.max(other.longest);
    }

    pub(super) fn found(&self, what: Finding) -> Vec<&str> {
        let found = self.findings.iter().filter(|(one, _)| *one == what);
        found.map(|(_, text)| text.as_str()).collect()
    }

    pub(super) fn number(&self, what: Finding) -> usize {
        self.found(what).len()
    }

    pub(super) fn nothing_went_wrong(&self) -> bool {
        WENT_WRONG.iter().all(|&what| self.number(what) == 0)
    }

    pub(crate) fn exit(&self) -> Exit {
        match self.number(Finding::Boot) {
            0 => Exit::Unable,
            _ if self.nothing_went_wrong() => Exit::Agreed,
            _ => Exit::Disagreed,
        }
    }

    /// How often each name was found.
    fn by_name(&self, what: Finding) -> BTreeMap<&str, usize> {
        let mut names = BTreeMap::new();
        for name in self.found(what) {
            *names.entry(name).or_default() += 1;
        }
        names
    }
}

/// A table, and what went wrong one by one.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, number) in [
            ("boots", self.number(Finding::Boot)),
            ("kernels", self.by_name(Finding::Boot).len()),
            (
                "results that arrived and are right",
                self.number(Finding::Right),
            ),
            ("faults injected", self.number(Finding::Fault)),
            ("runs killed", self.number(Finding::Killed)),
            ("runs on a hostile host", self.number(Finding::Hostile)),
            ("wrong verdicts", self.number(Finding::Wrong)),
            ("lost results", self.number(Finding::Lost)),
            ("orphans", self.number(Finding::Orphan)),
            ("boots made again", self.number(Finding::Retry)),
        ] {
            writeln!(f, "| {title:34} | {number:>6} |")?;
        }
        writeln!(f)?;
        for (title, what) in [
            ("boots by kernel", Finding::Boot),
            ("faults", Finding::Fault),
            ("hostile hosts", Finding::Hostile),
        ] {
            let name = |(name, times)| format!("{name} {times}");
            let names: Vec<_> = self.by_name(what).into_iter().map(name).collect();
            if !names.is_empty() {
                writeln!(f, "{title}: {}", names.join(", "))?;
            }
        }
        writeln!(f, "the slowest took {:.1} s", self.longest.as_secs_f64())?;
        for (title, what) in [
            ("WRONG", Finding::Wrong),
            ("LOST", Finding::Lost),
            ("ORPHAN", Finding::Orphan),
            ("made again", Finding::Retry),
        ] {
            for text in self.found(what) {
                writeln!(f, "{title}: {text}")?;
            }
        }
        Ok(())
    }
}
