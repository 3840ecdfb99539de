//! The worst of the results of several runs.

use super::Merged;
use crate::results::matrix::Problem;
use crate::results::verdict::Verdict;

/// The worst result, from bad to good: the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worst {
    /// This many cells are red.
    Red(usize),
    /// A log reports something red that is in no cell.
    HidesRed,
    /// A log contradicts itself.
    Flawed,
    /// QEMU failed in this many cells.
    QemuFailed(usize),
    /// The harness failed for this many kernels.
    Failed(usize),
    /// A run was cut short.
    CutShort,
    /// A shard is missing.
    Missing,
    /// No cell passed.
    NothingAsserted,
    /// All that ran agrees, but something did not run.
    NotAllRan,
    /// All ran and agrees.
    Good,
}

impl Worst {
    pub(super) fn of(merged: &Merged) -> Self {
        let tally = merged.matrix.tally();
        let problems = merged.matrix.rows.iter().map(|row| &row.problem);
        let failed = problems.filter(|problem| matches!(problem, Some(Problem::Failed(_))));
        match failed.count() {
            _ if tally.red > 0 => Self::Red(tally.red),
            _ if merged.flaws.iter().any(|(_, flaw)| flaw.hides_red) => Self::HidesRed,
            _ if !merged.flaws.is_empty() => Self::Flawed,
            _ if tally.qemu_failed > 0 => Self::QemuFailed(tally.qemu_failed),
            0 if merged.sources.iter().any(|source| !source.finished) => Self::CutShort,
            0 if !merged.missing.is_empty() => Self::Missing,
            0 if tally.passed == 0 => Self::NothingAsserted,
            0 if tally.not_run > 0 => Self::NotAllRan,
            0 => Self::Good,
            failed => Self::Failed(failed),
        }
    }

    /// The same in a sentence, without its full stop.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Red(1) => "1 cell is red".to_owned(),
            Self::Red(red) => format!("{red} cells are red"),
            Self::HidesRed => "A red result is in no cell".to_owned(),
            Self::Flawed => "The record of a run does not add up".to_owned(),
            Self::QemuFailed(1) => format!("{} in 1 cell", Verdict::QemuFailed),
            Self::QemuFailed(cells) => format!("{} in {cells} cells", Verdict::QemuFailed),
            Self::Failed(1) => "1 kernel could not be tested".to_owned(),
            Self::Failed(kernels) => format!("{kernels} kernels could not be tested"),
            Self::CutShort => "A run was cut short".to_owned(),
            Self::Missing => "A shard is missing".to_owned(),
            Self::NothingAsserted => "Nothing was asserted".to_owned(),
            Self::NotAllRan => "All that ran does what is claimed of it".to_owned(),
            Self::Good => "Every kernel does what is claimed of it".to_owned(),
        }
    }
}
