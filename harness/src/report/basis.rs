//! The basis of a claim.

use guest::Version;
use itertools::Itertools;

/// The kernels on which a claim was observed, or that its basis is source alone.
#[must_use]
pub fn basis(observed: &[Version]) -> String {
    match observed {
        [] => "basis: source (no kernel was seen to show it)".to_owned(),
        observed => format!("observed on {}", observed.iter().format(", ")),
    }
}
