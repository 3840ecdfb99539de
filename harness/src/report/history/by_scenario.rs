//! The part by scenario: all claims, and their basis.

use std::fmt::Write;

use guest::Scenario;
use itertools::Itertools;

use super::{backports, commit_link, sentence};
use crate::report::claim_ranges::ranges;

pub(super) fn write(scenarios: &[Scenario], text: &mut String) {
    text.push_str("\n## By scenario\n");
    for scenario in scenarios {
        write_scenario(scenario, text);
    }
}

fn write_scenario(scenario: &Scenario, text: &mut String) {
    let _ = writeln!(
        text,
        "\n### {}\n\n{}\n\n| versions | must show | basis |\n|---|---|---|",
        scenario.name,
        sentence(scenario.summary)
    );
    for range in ranges(scenario) {
        let versions = range.with_exceptions();
        let shows = range.claim.observation().to_string().replace('|', "\\|");
        let observed = scenario.observed(range.claim);
        let basis = match &observed[..] {
            [] => "source".to_owned(),
            observed => observed.iter().join(", "),
        };
        let _ = writeln!(text, "| {versions} | `{shows}` | {basis} |");
    }
    text.push('\n');
    for range in ranges(scenario) {
        let parts = [
            Some(sentence(range.claim.because)),
            range.claim.commit.as_ref().map(commit_link),
            backports(range.claim),
            links(range.claim.links),
        ];
        let parts = parts.iter().flatten().join("  \n  ");
        let _ = writeln!(text, "- **{range}**: {parts}");
    }
}

fn links(links: &[&str]) -> Option<String> {
    let links = links.iter().map(|link| format!("<{link}>")).join(", ");
    (!links.is_empty()).then(|| format!("Met in {links}."))
}
