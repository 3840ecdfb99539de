//! How a verdict looks: a sign besides the colour.

use crate::results::Verdict;

/// The sign of a verdict in the matrix; none for a pass.
pub(super) fn sign(verdict: Verdict) -> String {
    verdict.letter().to_string().trim().to_owned()
}

/// The class of a verdict in the style sheet.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "pass",
        Verdict::NoClaim | Verdict::Differs => "open",
        Verdict::NotApplicable => "na",
        Verdict::NotRun => "none",
        _ => "red",
    }
}
