//! The table of claims as a document, `docs/history.md`.

mod by_scenario;
mod by_version;
mod document;
mod site;

use std::fmt::Write;

use guest::{Claim, Commit, Scenario};
use itertools::Itertools;

use crate::report::explain::address;

pub use document::History;
pub use site::write_site;

const INTRODUCTION: &str = include_str!("introduction.md");

/// The document, in Markdown.
#[must_use]
pub fn history(scenarios: &[Scenario]) -> String {
    let of = |scenario: &Scenario| {
        let on_source = |claim: &&Claim| scenario.observed(claim).is_empty();
        scenario.claims.iter().filter(on_source).count()
    };
    let on_source: usize = scenarios.iter().map(of).sum();
    let claims: usize = scenarios.iter().map(|one| one.claims.len()).sum();
    let mut text = INTRODUCTION.to_owned();
    let _ = writeln!(
        text,
        "\nThere are {} scenarios with {claims} claims; {on_source} of these rest on source alone.",
        scenarios.len(),
    );
    by_version::write(scenarios, &mut text);
    by_scenario::write(scenarios, &mut text);
    text
}

/// A commit, as a link.
fn commit_link(commit: &Commit) -> String {
    format!(
        "[`{}`]({}) {}",
        commit.id,
        address(commit),
        escaped(commit.title)
    )
}

/// The stable kernels to which a change was backported, as a sentence.
fn backports(claim: &Claim) -> Option<String> {
    let versions = claim.backports.iter().join(", ");
    (!versions.is_empty()).then(|| format!("Backported to {versions}."))
}

/// Escapes Markdown.
fn escaped(text: &str) -> String {
    let escape = |c| "\\`*|<[]".contains(c).then_some('\\');
    text.chars()
        .flat_map(|c| escape(c).into_iter().chain([c]))
        .collect()
}

/// A sentence, in Markdown.
fn sentence(text: &str) -> String {
    escaped(&sentence_of(text))
}

/// A sentence with a capital letter and a full stop.
fn sentence_of(text: &str) -> String {
    let end = if text.ends_with('.') { "" } else { "." };
    // A name keeps its small letter: unshare(2), setns(2).
    let word = text.split([' ', ',']).next().unwrap_or_default();
    if word.contains(['(', '_', '/', '.']) {
        return format!("{text}{end}");
    }
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    format!("{}{}{end}", first.collect::<String>(), chars.as_str())
}

#[cfg(test)]
mod tests {
    use guest::{Facts, ProbeError, Version};

    use super::*;

    fn no_probe(_: &mut Facts) -> Result<(), ProbeError> {
        Ok(())
    }

    const SCENARIOS: &[Scenario] = &[Scenario::new(
        "unshare(A|B) in a thread",
        no_probe,
        &[
            Claim::since(3, 8)
                .shows("call=EINVAL child=outer")
                .because("it is refused"),
            Claim::since(3, 13)
                .shows("call=ok child=outer")
                .because("it is served")
                .commit("1f7f4dde5c94", "fork: Allow *it*")
                .backported(&[Version::point(3, 12, 5)])
                .links(&["https://example.org/issues/1"]),
        ],
    )
    .named("an_example")
    .observed_on("5.10.223")];

    #[test]
    fn it_tells_by_version_and_by_scenario() {
        let history = history(SCENARIOS);
        for words in [
            "1 scenarios with 2 claims; 1 of these rest on source alone",
            "### Linux 3.13\n",
            "[`1f7f4dde5c94`](https://git.kernel.org/linus/1f7f4dde5c94) fork: Allow \\*it\\*",
            "Backported to 3.12.5.",
            "`call`: `EINVAL` → `ok`",
            "### an_example\n",
            "| 3.8 to 3.12, not 3.12.y from 3.12.5 | `call=EINVAL child=outer` | source |",
            "| 3.13 and later, also 3.12.y from 3.12.5 | `call=ok child=outer` | 5.10.223 |",
            "<https://example.org/issues/1>",
        ] {
            assert!(
                history.contains(words),
                "{words:?} is missing in:\n{history}"
            );
        }
        // What did not change is not told as a change.
        assert!(!history.contains("`child`: "), "{history}");
    }

    #[test]
    fn a_sentence_is_one() {
        assert_eq!(sentence("it is refused"), "It is refused.");
        assert_eq!(sentence("unshare(2) knows it"), "unshare(2) knows it.");
    }
}
