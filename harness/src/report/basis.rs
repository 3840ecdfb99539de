//! The basis of a claim.

use guest::Version;

/// The kernels on which a claim was observed, or that its basis is source alone.
#[must_use]
pub fn basis(observed: &[Version]) -> String {
    if observed.is_empty() {
        return "basis: source (no kernel was seen to show it)".to_owned();
    }
    let versions: Vec<String> = observed.iter().map(Version::to_string).collect();
    format!("observed on {}", versions.join(", "))
}
