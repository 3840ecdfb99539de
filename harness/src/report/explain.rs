//! The table of claims as text for `explain`.

use std::fmt::Write;

use guest::{Commit, Scenario};

use super::basis;
use super::claim_ranges::{Range, ranges};
use crate::kernels::Subject;

/// What is claimed of a scenario: each range of versions with what it shows, why, since
/// which commit, links to reports of it, and the basis of the claim.
#[must_use]
pub fn explain(scenario: &Scenario) -> String {
    let mut text = format!("{}\n  {}\n", scenario.name, scenario.summary);
    for range in ranges(scenario) {
        text.push('\n');
        paragraph(scenario, &range, &mut text);
    }
    text
}

/// What is claimed of one kernel.
#[must_use]
pub fn explain_kernel(scenario: &Scenario, subject: &Subject) -> String {
    let mut text = format!("{} on {subject}\n", scenario.name);
    let range = subject.version().and_then(|version| {
        let reached = ranges(scenario).filter(|range| range.claim.reached_by(version));
        let older = || "it is older than all that is claimed".to_owned();
        reached.last().ok_or_else(older)
    });
    match range {
        Ok(range) => paragraph(scenario, &range, &mut text),
        Err(why) => text.extend([format!("  no claim ({why})\n")]),
    }
    text
}

fn paragraph(scenario: &Scenario, range: &Range, text: &mut String) {
    let claim = range.claim;
    let versions = range.with_exceptions();
    let _ = writeln!(text, "  {versions}: {}", claim.observation());
    let _ = writeln!(text, "    {}", claim.because);
    if let Some(commit) = &claim.commit {
        let _ = writeln!(text, "    commit {commit}\n    {}", address(commit));
    }
    text.extend(
        claim
            .links
            .iter()
            .map(|link| format!("    met in {link}\n")),
    );
    let _ = writeln!(text, "    {}", basis(&scenario.observed(claim)));
}

/// The web address of a commit.
pub(super) fn address(commit: &Commit) -> String {
    format!("https://git.kernel.org/linus/{}", commit.id)
}
