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
    match subject.version() {
        Err(why) => {
            let _ = writeln!(text, "  no claim ({why})");
        }
        Ok(version) => match ranges(scenario)
            .filter(|r| r.claim.reached_by(version))
            .last()
        {
            Some(range) => paragraph(scenario, &range, &mut text),
            None => text.push_str("  no claim (it is older than all that is claimed)\n"),
        },
    }
    text
}

fn paragraph(scenario: &Scenario, range: &Range, text: &mut String) {
    let claim = range.claim;
    let _ = write!(text, "  {range}");
    for exception in range.exceptions() {
        let _ = write!(text, ", {exception}");
    }
    let _ = writeln!(text, ": {}", claim.observation());
    let _ = writeln!(text, "    {}", claim.because);
    if let Some(commit) = &claim.commit {
        let _ = writeln!(text, "    commit {commit}\n    {}", address(commit));
    }
    for link in claim.links {
        let _ = writeln!(text, "    met in {link}");
    }
    let _ = writeln!(text, "    {}", basis(&scenario.observed(claim)));
}

/// The web address of a commit.
pub(super) fn address(commit: &Commit) -> String {
    format!("https://git.kernel.org/linus/{}", commit.id)
}
