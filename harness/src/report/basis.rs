//! The basis of a claim.

use guest::Version;
use itertools::Itertools;

use crate::results::Claimed;

/// The basis of the claim by which a cell was judged. Kernels that were built from public
/// copies of a vendor's source are not the vendor's.
#[must_use]
pub(crate) fn basis_of(claim: &Claimed) -> String {
    match claim.vendor {
        Some(_) => "basis: source (no kernel of the vendor's was seen to show it)".to_owned(),
        None => basis(&claim.observed),
    }
}

/// The kernels on which a claim was observed, or that its basis is source alone.
#[must_use]
pub fn basis(observed: &[Version]) -> String {
    match observed {
        [] => "basis: source (no kernel was seen to show it)".to_owned(),
        observed => format!("observed on {}", observed.iter().format(", ")),
    }
}
