//! The table of claims for `explain`: as text, as JSON, and between two versions.

mod between;
mod json;
mod text;

use guest::{Claim, Commit, Scenario};

use super::claim_ranges::{Range, ranges};
use crate::kernels::Subject;

pub use between::Between;
pub use json::explain_json;
pub(super) use json::pretty;
pub use text::{explain, explain_kernel, explain_vendors};

/// The web address of a commit.
pub(super) fn address(commit: &Commit) -> String {
    format!("https://git.kernel.org/linus/{}", commit.id)
}

/// The range of a claim.
fn range_of<'a>(scenario: &'a Scenario, claim: &Claim) -> Option<Range<'a>> {
    ranges(scenario).find(|range| range.claim == claim)
}

/// The claim that holds of a kernel, or why none does.
fn claim_of(scenario: &Scenario, subject: &Subject) -> Result<&'static Claim, String> {
    let older = || "it is older than all that is claimed".to_owned();
    scenario.claim(subject.version()?).ok_or_else(older)
}
