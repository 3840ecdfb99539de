//! The result of a bisection.

use std::fmt::Write;

use guest::{Claim, Scenario, Version};
use itertools::Itertools;

use super::basis;
use super::claim_ranges::ranges;
use super::explain::address;
use crate::bisect::{Behaviour, Bisection, SearchOutcome};
use crate::system::program_name;

/// The pair of neighbours that differ, what each showed, and the claims about the
/// change.
#[must_use]
pub fn bisection(bisection: &Bisection) -> String {
    let mut text = String::new();
    match bisection.search.outcome {
        SearchOutcome::Nothing => {
            let _ = writeln!(
                text,
                "None of these kernels could be asked: fetch some (`{} kernels fetch`), or name \
                 images (--kernel ./bzImage)",
                program_name()
            );
        }
        SearchOutcome::NoChange => {
            let mut asked = bisection.answers.keys();
            let any = asked.find_map(|at| bisection.showed(*at));
            let shown = any.map_or("", |showed| showed.text.as_str());
            let _ = writeln!(text, "No change: all that were asked show {shown}");
            if let Some(scenario) = bisection.scenario {
                known_boundaries(scenario, &mut text);
            }
        }
        SearchOutcome::Change { before, after } => change(bisection, before, after, &mut text),
    }
    text
}

fn change(bisection: &Bisection, before: usize, after: usize, text: &mut String) {
    let name = |at: usize| &bisection.kernels[at];
    let (Some(old), Some(new)) = (bisection.showed(before), bisection.showed(after)) else {
        return;
    };
    let _ = writeln!(text, "It changes from {} to {}:", name(before), name(after));
    let width = name(before).len().max(name(after).len());
    for (at, showed) in [(before, old), (after, new)] {
        let mark = match showed.disagrees {
            true => "   <-- not what is claimed",
            false => "",
        };
        let _ = writeln!(text, "  {:width$}  {}{mark}", name(at), showed.text);
    }
    if before + 1 < after {
        let between = (before + 1..after).map(name).join(", ");
        let _ = writeln!(text, "between them, and not to be asked: {between}");
    }
    for &at in &bisection.search.contradictions {
        if let Some(showed) = bisection.showed(at) {
            let _ = writeln!(
                text,
                "NOT MONOTONIC: {} shows {}: there is more than one change, this is one of them",
                name(at),
                showed.text
            );
        }
    }
    others(bisection, old, new, text);
    if let (Some(scenario), Some(from), Some(to)) = (bisection.scenario, old.version, new.version) {
        claims(scenario, from, to, text);
    }
}

/// Kernels that show neither of the two: there is more than one change.
fn others(bisection: &Bisection, old: &Behaviour, new: &Behaviour, text: &mut String) {
    for at in bisection.answers.keys() {
        match bisection.showed(*at) {
            Some(other) if other.class != old.class && other.class != new.class => {
                let _ = writeln!(
                    text,
                    "a third answer: {} shows {}: there is more than one change, this is the \
                     first",
                    bisection.kernels[*at], other.text
                );
            }
            _ => {}
        }
    }
}

/// What the table claims to have changed between two versions.
fn claims(scenario: &Scenario, from: Version, to: Version, text: &mut String) {
    let is_crossed = |claim: &Claim| claim.reached_by(to) && !claim.reached_by(from);
    let crossed = ranges(scenario)
        .filter(|range| is_crossed(range.claim))
        .collect_vec();
    for range in &crossed {
        let claim = range.claim;
        let _ = writeln!(text, "claimed of {range}: {}", claim.observation());
        let _ = writeln!(text, "  {}", claim.because);
        if let Some(commit) = &claim.commit {
            let _ = writeln!(text, "  commit {commit}\n  {}", address(commit));
        }
        let _ = writeln!(text, "  {}", basis(&scenario.observed(claim)));
    }
    if crossed.is_empty() {
        let _ = writeln!(text, "the table claims no change from {from} to {to}");
        known_boundaries(scenario, text);
    }
}

fn known_boundaries(scenario: &Scenario, text: &mut String) {
    let later = scenario.claims.iter().skip(1);
    let versions = later.map(|claim| claim.since).join(", ");
    if !versions.is_empty() {
        let _ = writeln!(text, "the table knows of changes in {versions}");
    }
}
