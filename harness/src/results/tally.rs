//! Counts of cells by kind.

use std::fmt;

use itertools::Itertools;

use super::verdict::{Cell, Verdict};

/// Counts of cells. Each cell counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that passed.
    pub passed: usize,
    /// Those that are red: see [`Verdict::is_red`].
    pub red: usize,
    /// No claim is made about these.
    pub no_claim: usize,
    /// Vendors' kernels, of which no claim is made, differ in these from their base.
    pub differs: usize,
    /// These kernels cannot show it.
    pub not_applicable: usize,
    /// Those that were not run.
    pub not_run: usize,
    /// QEMU failed during these.
    pub qemu_failed: usize,
}

impl Tally {
    /// Counts cells.
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Self {
        let mut tally = Self::default();
        for cell in cells {
            *match cell.verdict {
                Verdict::Passed => &mut tally.passed,
                Verdict::NoClaim => &mut tally.no_claim,
                Verdict::Differs => &mut tally.differs,
                Verdict::NotApplicable => &mut tally.not_applicable,
                Verdict::NotRun => &mut tally.not_run,
                Verdict::QemuFailed => &mut tally.qemu_failed,
                // As `is_red` has it.
                _ => &mut tally.red,
            } += 1;
        }
        tally
    }

    /// The counts with their names, in the order in which they are shown.
    #[must_use]
    pub fn counts(self) -> [(&'static str, usize); 7] {
        [
            ("passed", self.passed),
            ("red", self.red),
            ("no claim", self.no_claim),
            ("differ", self.differs),
            ("not applicable", self.not_applicable),
            ("not run", self.not_run),
            ("QEMU failed", self.qemu_failed),
        ]
    }
}

/// `93 passed, 1 red, 1 not run`: what passed and what is red always, the rest
/// where there is any.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let always = ["passed", "red"];
        let counts = self.counts().into_iter();
        let shown = counts.filter(|(name, count)| *count > 0 || always.contains(name));
        let mut words = shown.map(|(name, count)| format!("{count} {name}"));
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Verdict; 14] = [
        Verdict::Passed,
        Verdict::Failed,
        Verdict::NoClaim,
        Verdict::Differs,
        Verdict::NotApplicable,
        Verdict::NotRun,
        Verdict::Broken,
        Verdict::Died,
        Verdict::TimedOut,
        Verdict::Panicked,
        Verdict::Hung,
        Verdict::Ended,
        Verdict::Garbled,
        Verdict::QemuFailed,
    ];

    #[test]
    fn every_cell_counts_once() {
        let cells = ALL.map(|verdict| Cell::without("example", verdict, ""));
        let tally = Tally::of(&cells);
        let sum: usize = tally.counts().iter().map(|(_, count)| count).sum();
        assert_eq!(sum, ALL.len());
        let red = ALL.iter().filter(|verdict| verdict.is_red()).count();
        assert_eq!(tally.red, red);
    }

    #[test]
    fn what_is_shown_adds_up() {
        let cells = [Verdict::Passed, Verdict::QemuFailed, Verdict::NotRun];
        let cells = cells.map(|verdict| Cell::without("example", verdict, ""));
        assert_eq!(
            Tally::of(&cells).to_string(),
            "1 passed, 0 red, 1 not run, 1 QEMU failed"
        );
    }
}
