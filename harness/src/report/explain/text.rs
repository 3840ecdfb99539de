//! The text of `explain`.

use std::fmt::Write;

use guest::{Claim, Scenario, VendorClaim};
use itertools::Itertools;

use super::{address, claim_of, range_of};
use crate::kernels::Subject;
use crate::report::basis;
use crate::report::claim_ranges::{Range, ranges};
use crate::scenarios::{Found, Mention};
use crate::system::{grouped, program_name};

/// What is claimed of what was found, of some kernels first.
///
/// Of one scenario it is each range of versions with what it shows, why, since which
/// commit, links to reports of it, and the basis of the claim. Of several it is a line a
/// range, by family.
#[must_use]
pub fn explain(found: &Found, subjects: &[Subject]) -> String {
    match found {
        Found::One { scenario, others } => {
            let kernels = subjects.iter();
            let mut text: String = kernels
                .map(|subject| format!("{}\n", explain_kernel(scenario, subject)))
                .collect();
            text.push_str(&whole(scenario));
            if !others.is_empty() {
                let names = others.iter().map(|one| one.name).join(", ");
                let _ = writeln!(text, "\n  {} is mentioned by {names}", scenario.name);
            }
            text
        }
        Found::Several { word, mentions } => several(word, mentions, subjects),
    }
}

fn whole(scenario: &Scenario) -> String {
    let mut text = format!("{}\n  {}\n", scenario.name, scenario.summary);
    for range in ranges(scenario) {
        text.push('\n');
        paragraph(scenario, &range, &mut text);
    }
    for claim in scenario.vendors {
        text.push('\n');
        of_vendor(scenario, claim, &mut text);
    }
    text
}

/// What is claimed of vendors' kernels, by scenario: which has what earlier than the
/// version that it is based on.
#[must_use]
pub fn explain_vendors(scenarios: &[&Scenario]) -> String {
    let mut text = String::new();
    for scenario in scenarios.iter().filter(|one| !one.vendors.is_empty()) {
        let _ = writeln!(text, "{}\n  {}", scenario.name, scenario.summary);
        for claim in scenario.vendors {
            of_vendor(scenario, claim, &mut text);
        }
        text.push('\n');
    }
    if text.is_empty() {
        text.push_str("nothing is claimed of vendors' kernels here\n");
    }
    text
}

fn of_vendor(scenario: &Scenario, claim: &VendorClaim, text: &mut String) {
    let _ = writeln!(text, "  {claim}: {}", claim.observation());
    if let Some(upstream) = first_with(scenario, claim) {
        let _ = writeln!(text, "    as {} and later", upstream.since);
    }
    let _ = writeln!(text, "    {}\n    told in {}", claim.because, claim.source);
}

/// The first version that shows what a vendor's kernel does.
fn first_with(scenario: &Scenario, vendor: &VendorClaim) -> Option<&'static Claim> {
    let is_it = |claim: &&Claim| vendor.satisfied_by(&claim.observation());
    scenario.claims.iter().find(is_it)
}

fn several(word: &str, mentions: &[Mention], subjects: &[Subject]) -> String {
    let mut text = format!("{} scenarios mention {word}\n", mentions.len());
    let families = mentions.iter().map(|one| (one.scenario.family(), one));
    for (family, mentions) in grouped(families) {
        let _ = writeln!(text, "\n{family}");
        for Mention { scenario, claims } in mentions {
            let _ = writeln!(text, "  {}: {}", scenario.name, scenario.summary);
            for subject in subjects {
                if let Some(claim) = subject.vendor_claim(scenario) {
                    let _ = writeln!(text, "    {subject}: {}", claim.observation());
                    continue;
                }
                match claim_of(scenario, subject) {
                    Ok(claim) => line(&subject.to_string(), claim, &mut text),
                    Err(why) => text.extend([format!("    {subject}: no claim ({why})\n")]),
                }
            }
            if subjects.is_empty() {
                for claim in claims {
                    let range = range_of(scenario, claim).map(|range| range.with_exceptions());
                    line(&range.unwrap_or_default(), claim, &mut text);
                }
            }
        }
    }
    let name = program_name();
    let _ = writeln!(
        text,
        "\n{name} explain SCENARIO tells all of one, with reasons"
    );
    text
}

fn line(versions: &str, claim: &Claim, text: &mut String) {
    let _ = writeln!(text, "    {versions}: {}", claim.observation());
}

/// What is claimed of one kernel.
#[must_use]
pub fn explain_kernel(scenario: &Scenario, subject: &Subject) -> String {
    let mut text = format!("{} on {subject}\n", scenario.name);
    if let Some(claim) = subject.vendor_claim(scenario) {
        of_vendor(scenario, claim, &mut text);
        return text;
    }
    let claim = claim_of(scenario, subject);
    match claim.map(|claim| range_of(scenario, claim)) {
        Ok(Some(range)) => paragraph(scenario, &range, &mut text),
        Ok(None) => {}
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
