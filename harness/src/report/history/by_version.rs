//! The part by version: what changed, and by which commit.

use std::collections::BTreeMap;
use std::fmt::Write;

use guest::{Claim, Observation, Scenario, Version};

use super::{backports, commit_link, escaped, sentence};
use crate::report::difference::differences;
use crate::system::grouped;

/// A boundary of a scenario: the claims on its two sides.
struct Change<'a> {
    scenario: &'a Scenario,
    before: &'a Claim,
    after: &'a Claim,
}

pub(super) fn write(scenarios: &[Scenario], text: &mut String) {
    text.push_str("\n## By version\n");
    let mut versions: BTreeMap<Version, Vec<Change>> = BTreeMap::new();
    for scenario in scenarios {
        for pair in scenario.claims.windows(2) {
            versions.entry(pair[1].since).or_default().push(Change {
                scenario,
                before: &pair[0],
                after: &pair[1],
            });
        }
    }
    for (version, changes) in versions {
        let _ = writeln!(text, "\n### Linux {version}");
        let with_commit = changes
            .into_iter()
            .map(|change| (change.after.commit, change));
        for (_, changes) in grouped(with_commit) {
            write_commit(&changes, text);
        }
    }
}

fn write_commit(changes: &[Change], text: &mut String) {
    let first = changes[0].after;
    let commit = first.commit.as_ref().map(commit_link);
    let commit = commit.unwrap_or_else(|| "No one commit.".to_owned());
    let _ = write!(text, "\n{commit}");
    if let Some(backports) = backports(first) {
        let _ = write!(text, "  \n{backports}");
    }
    text.push_str("\n\n");
    for change in changes {
        let name = change.scenario.name;
        let _ = writeln!(
            text,
            "- [{}](#{name}): {}\n  {}",
            escaped(name),
            what_changed(&change.before.observation(), &change.after.observation()),
            sentence(change.after.because),
        );
    }
}

/// The facts that differ; those that do not are left out.
fn what_changed(before: &Observation, after: &Observation) -> String {
    let changes = differences(before, after).into_iter();
    let changes = changes.map(|one| match (one.fact, one.before, one.after) {
        (fact, Some(before), Some(after)) => format!("`{fact}`: `{before}` → `{after}`"),
        (fact, None, Some(after)) => format!("`{fact}={after}` is new"),
        (fact, _, None) => format!("`{fact}` is gone"),
    });
    let changes = changes.collect::<Vec<_>>().join(", ");
    if changes.is_empty() {
        "shows the same as before, for another reason.".to_owned()
    } else {
        format!("{changes}.")
    }
}
