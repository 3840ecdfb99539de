//! How a verdict looks: never by colour alone.

use crate::results::{Cell, Verdict};

/// The sign of a verdict in the matrix; none for what is as it should be.
pub(super) const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed | Verdict::NotRun => "",
        Verdict::NoClaim => "?",
        Verdict::NotApplicable => "–",
        Verdict::Failed => "F",
        Verdict::Broken => "B",
        Verdict::Died => "D",
        Verdict::TimedOut => "T",
        Verdict::Panicked => "P",
        Verdict::Hung => "H",
        Verdict::Ended => "E",
        Verdict::QemuFailed => "Q",
        Verdict::Garbled => "G",
    }
}

/// The class of a verdict in the style sheet.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "pass",
        Verdict::NoClaim => "open",
        Verdict::NotApplicable => "na",
        Verdict::NotRun => "none",
        _ => "red",
    }
}

/// Whether it is said that the claim rests on source alone.
pub(super) fn rests_on_source(cell: &Cell) -> bool {
    matches!(cell.verdict, Verdict::Passed | Verdict::Failed) && cell.rests_on_source()
}
