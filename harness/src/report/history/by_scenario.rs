//! The part by scenario: all claims, and their basis.

use std::fmt::Write;

use guest::{Scenario, Version};

use super::{backports, commit_link, sentence};
use crate::report::claim_ranges::{Range, ranges};

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
        let versions = versions(&range);
        let shows = range.claim.observation().to_string().replace('|', "\\|");
        let basis = basis(&scenario.observed(range.claim));
        let _ = writeln!(text, "| {versions} | `{shows}` | {basis} |");
    }
    text.push('\n');
    for range in ranges(scenario) {
        let _ = writeln!(
            text,
            "- **{range}**: {}",
            [
                Some(sentence(range.claim.because)),
                range.claim.commit.as_ref().map(commit_link),
                backports(range.claim),
                links(range.claim.links),
            ]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("  \n  ")
        );
    }
}

fn versions(range: &Range) -> String {
    let exceptions = range.exceptions();
    let exceptions = exceptions
        .iter()
        .map(|exception| format!(", {exception}"))
        .collect::<String>();
    format!("{range}{exceptions}")
}

fn basis(observed: &[Version]) -> String {
    if observed.is_empty() {
        return "source".to_owned();
    }
    let versions: Vec<String> = observed.iter().map(Version::to_string).collect();
    versions.join(", ")
}

fn links(links: &[&str]) -> Option<String> {
    let links: Vec<String> = links.iter().map(|link| format!("<{link}>")).collect();
    (!links.is_empty()).then(|| format!("Met in {}.", links.join(", ")))
}
