//! The table of claims as a small static site: one file, which needs nothing but itself.
//!
//! It can be read without its script, which adds the search and the view of what changes
//! between two versions. Both are kept in the fragment of the address, so that they can be
//! sent to somebody.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use guest::{Claim, Scenario, Version};
use itertools::Itertools;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::sentence_of;
use crate::report::claim_ranges::{Range, ranges};
use crate::report::explain::address;
use crate::report::policy::policy;
use crate::system::grouped;

const STYLE: &str = include_str!("site.css");
const SCRIPT: &str = include_str!("site.js");

/// Writes the site of a table, as `index.html` of a directory: its path.
///
/// # Errors
/// If it cannot be written.
pub fn write_site(scenarios: &[Scenario], dir: &Path) -> Result<PathBuf> {
    fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    let path = dir.join("index.html");
    let written = fs::write(&path, history_site(scenarios));
    written.with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// The page, in HTML.
fn history_site(scenarios: &[Scenario]) -> String {
    let families = grouped(scenarios.iter().map(|one| (one.family(), one)));
    let claims: usize = scenarios.iter().map(|one| one.claims.len()).sum();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(STYLE, SCRIPT));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "What Linux does, by version · Strata" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "What Linux does, by version" }
                    p {
                        (scenarios.len()) " behaviours with " (claims)
                        " claims: what a kernel must show, since when, by which commit, and on which kernels it was seen."
                    }
                }
                (controls(scenarios))
                nav aria-label="Families" {
                    @for (family, scenarios) in &families {
                        a href={ "#family-" (family) } { (words_of(family)) " " small { (scenarios.len()) } }
                    }
                }
                main {
                    @for (family, scenarios) in &families {
                        section id={ "family-" (family) } {
                            h2 { a href={ "#family-" (family) } { (words_of(family)) } }
                            @for scenario in scenarios { (article(scenario)) }
                        }
                    }
                    p #nothing hidden { "Nothing is left: another word, or other versions?" }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// The search and the two versions. They need the script, which shows them.
fn controls(scenarios: &[Scenario]) -> Markup {
    let begins = scenarios.iter().flat_map(|one| one.claims);
    let versions = begins.map(|claim| claim.since).sorted().dedup();
    html! {
        form #controls role="search" hidden {
            label { "Search" input #words type="search" placeholder="close_range, EXDEV, runc, 5.11 …" autocomplete="off" spellcheck="false"; }
            label { "What changes from" input #from list="versions" placeholder="5.10" autocomplete="off" inputmode="decimal"; }
            label { "to" input #to list="versions" placeholder="6.1" autocomplete="off" inputmode="decimal"; }
            datalist #versions { @for version in versions { option value=(version) {} } }
            output #shown {}
        }
    }
}

fn article(scenario: &Scenario) -> Markup {
    html! {
        article id=(scenario.name) {
            h3 { a href={ "#" (scenario.name) } { (scenario.name) } }
            p { (sentence_of(scenario.summary)) }
            ol { @for range in ranges(scenario) { (item(scenario, &range)) } }
        }
    }
}

/// A claim. Its versions are a link to itself.
fn item(scenario: &Scenario, range: &Range) -> Markup {
    let claim: &Claim = range.claim;
    let id = format!("{}@{}", scenario.name, claim.since);
    let backports = claim.backports.iter().map(Version::to_string).join(" ");
    let observed = scenario.observed(claim);
    html! {
        li id=(id) data-since=(claim.since) data-backports=(backports) {
            a.versions href={ "#" (id) } { (range.with_exceptions()) }
            code { (claim.expected) }
            p { (sentence_of(claim.because)) }
            @if let Some(commit) = &claim.commit {
                p { a href=(address(commit)) rel="noreferrer" { (commit.id) } " " (commit.title) }
            }
            @for link in claim.links {
                p { "Met in " a href=(link) rel="noreferrer" { (link.trim_start_matches("https://")) } }
            }
            p.basis {
                @if observed.is_empty() { "Basis: source" }
                @else { "Seen on " (observed.iter().join(", ")) }
            }
        }
    }
}

/// The name of a family in words: `cgroup_files` is `cgroup files`.
fn words_of(family: &str) -> String {
    family.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use guest::scenarios::ALL;

    use super::*;

    #[test]
    fn every_family_scenario_and_claim_has_a_link_of_its_own() {
        let page = history_site(ALL);
        let mut ids = 0;
        for scenario in ALL {
            for id in [
                format!("family-{}", scenario.family()),
                scenario.name.to_owned(),
            ] {
                let at = format!(" id=\"{id}\"");
                assert_eq!(page.matches(&at).count(), 1, "{id}");
            }
            for claim in scenario.claims {
                let id = format!("{}@{}", scenario.name, claim.since);
                assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
                assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
                ids += 1;
            }
        }
        assert!(ids > ALL.len());
    }

    #[test]
    fn it_needs_nothing_but_itself_and_stays_small() {
        let page = history_site(ALL);
        assert!(page.contains("content=\"default-src 'none'; "));
        assert!(!page.contains(" src="));
        assert!(page.len() < 1 << 20, "{} bytes", page.len());
    }
}
