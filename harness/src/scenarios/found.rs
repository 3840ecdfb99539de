//! Finds scenarios by what people know: a name, a system call, an errno, a file, a
//! program, a version.

use guest::{Claim, Scenario, scenarios};
use itertools::Itertools;

use crate::payload::BadRequest;
use crate::system::nearest;

/// What a word of a command line means.
#[derive(Clone, Debug)]
pub enum Found {
    /// One scenario: the one of that name, or the only one that mentions the word.
    One {
        /// The scenario.
        scenario: &'static Scenario,
        /// Others that mention its name.
        others: Vec<&'static Scenario>,
    },
    /// Several scenarios mention the word.
    Several {
        /// The word.
        word: String,
        /// The scenarios, in the order of the table.
        mentions: Vec<Mention>,
    },
}

/// A scenario that mentions a word.
#[derive(Clone, Debug)]
pub struct Mention {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// Those of its claims that mention the word; all where its name, family or summary
    /// does.
    pub claims: Vec<&'static Claim>,
}

impl Found {
    /// One scenario, without others that mention its name.
    #[must_use]
    pub const fn only(scenario: &'static Scenario) -> Self {
        let others = Vec::new();
        Self::One { scenario, others }
    }

    /// The scenario that a word names, or those that mention it.
    ///
    /// Capitals count (`clone` is a system call, `CLONE_NEWPID` a flag), unless the word
    /// would mean nothing then.
    ///
    /// # Errors
    /// A [`BadRequest`] with the nearest words, if no scenario mentions it.
    pub fn of(word: &str) -> Result<Self, BadRequest> {
        let mut mentions = mentions(&|text| has_word(text, word));
        if let Some(scenario) = scenarios::find(word) {
            let others = mentions.iter().map(|one| one.scenario);
            let others = others.filter(|one| one.name != word).collect();
            return Ok(Self::One { scenario, others });
        }
        if mentions.is_empty() {
            let small = word.to_lowercase();
            mentions = self::mentions(&|text| has_word(&text.to_lowercase(), &small));
        }
        match &mentions[..] {
            [] => Err(unknown(word)),
            [one] => Ok(Self::only(one.scenario)),
            _ => Ok(Self::Several {
                word: word.to_owned(),
                mentions,
            }),
        }
    }

    /// The scenarios of several words, each once.
    #[must_use]
    pub fn all(found: &[Self]) -> Vec<&'static Scenario> {
        let scenarios = found.iter().flat_map(Self::scenarios);
        scenarios.unique_by(|one| one.name).collect()
    }

    fn scenarios(&self) -> Vec<&'static Scenario> {
        match self {
            Self::One { scenario, .. } => vec![scenario],
            Self::Several { mentions, .. } => mentions.iter().map(|one| one.scenario).collect(),
        }
    }
}

fn mentions(has_word: &dyn Fn(&str) -> bool) -> Vec<Mention> {
    let mention = |scenario: &'static Scenario| {
        let of_scenario = [scenario.name, scenario.family(), scenario.summary];
        let all = of_scenario.into_iter().any(has_word);
        let claims = scenario.claims.iter();
        let claims: Vec<&Claim> = claims
            .filter(|claim| all || texts(claim).iter().any(|text| has_word(text)))
            .collect();
        (!claims.is_empty()).then_some(Mention { scenario, claims })
    };
    scenarios::ALL.iter().filter_map(mention).collect()
}

/// All that is written of a claim.
fn texts(claim: &Claim) -> Vec<String> {
    let versions = [claim.since].into_iter().chain(claim.backports.to_vec());
    let commit = claim.commit.map(|commit| [commit.id, commit.title]);
    let words = [claim.expected, claim.because].into_iter();
    let words = words
        .chain(commit.into_iter().flatten())
        .chain(claim.links.iter().copied());
    let words = words.map(str::to_owned);
    words
        .chain(versions.map(|version| version.to_string()))
        .collect()
}

/// Whether a text has a word that is not a part of a longer one. What follows it after an
/// underscore may be there: `copy_file_range` is in `copy_file_range_from_proc`.
fn has_word(text: &str, word: &str) -> bool {
    let whole = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let goes_on = |c: char| c.is_alphanumeric();
        !before.is_some_and(|c| goes_on(c) || c == '_') && !after.is_some_and(goes_on)
    };
    !word.is_empty() && text.match_indices(word).any(|(at, _)| whole(at))
}

/// What to say of a word that no scenario mentions.
fn unknown(word: &str) -> BadRequest {
    let names = scenarios::ALL.iter().map(|one| one.name.to_owned());
    let facts = scenarios::ALL.iter().flat_map(|one| one.claims);
    let facts = facts.flat_map(|claim| claim.observation().0);
    let summaries = scenarios::ALL.iter().flat_map(|one| {
        let end = |c: char| !(c.is_alphanumeric() || "_/".contains(c));
        one.summary.split(end).map(str::to_owned)
    });
    let known = names.chain(facts.map(|fact| fact.value)).chain(summaries);
    let near = nearest(word, known.unique(), 0.7).join(", ");
    let hint = match near.is_empty() {
        true => "`explain` without a word tells all".to_owned(),
        false => format!("the nearest: {near}"),
    };
    BadRequest::new(format!(
        "no scenario is called {word:?}, or mentions it; {hint}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(word: &str) -> Vec<&'static str> {
        let found = Found::of(word).unwrap();
        let others = match &found {
            Found::One { others, .. } => others.clone(),
            Found::Several { .. } => Vec::new(),
        };
        let all = found.scenarios().into_iter().chain(others);
        all.map(|one| one.name).collect()
    }

    #[test]
    fn a_word_is_whole() {
        for (text, word, has) in [
            ("call=EXDEV", "EXDEV", true),
            ("copy_file_range_from_proc", "copy_file_range", true),
            ("close_range", "range", false),
            ("mlock2(2)", "mlock", false),
            ("as /proc/self/auxv has it", "/proc/self/auxv", true),
            ("github.com/opencontainers/runc/pull/1", "runc", true),
            ("5.11", "5.1", false),
            ("é", "", false),
        ] {
            assert_eq!(has_word(text, word), has, "{word:?} in {text:?}");
        }
    }

    #[test]
    fn scenarios_are_found_by_what_people_know() {
        for (word, name) in [
            ("copy_file_range", "copy_file_range_across"),
            ("EXDEV", "copy_file_range_across"),
            ("exdev", "copy_file_range_across"),
            ("/proc/self/auxv", "get_auxv"),
            ("runc", "unshare_while_status_is_read"),
            ("6e556ce209b0", "unshare_newpid_multithreaded"),
            ("7.1", "pid_for_children_of_one_thread"),
            ("pidfd", "pidfd_open"),
        ] {
            assert!(names(word).contains(&name), "{word}: {:?}", names(word));
        }
        // A system call, not the flags of another.
        assert!(!names("clone").contains(&"unshare_newuts"));
    }

    #[test]
    fn only_the_claims_that_mention_it_are_meant() {
        let Ok(Found::Several { mentions, .. }) = Found::of("EXDEV") else {
            panic!("several scenarios show it");
        };
        for mention in mentions {
            let name = mention.scenario.name;
            let claims = mention.claims.iter();
            assert!(
                claims
                    .map(|one| one.expected)
                    .any(|one| one.contains("EXDEV")),
                "{name}"
            );
            assert!(
                mention.claims.len() < mention.scenario.claims.len(),
                "{name}"
            );
        }
    }

    #[test]
    fn what_no_scenario_mentions_brings_the_nearest_words() {
        for (word, near) in [("clos_rang", "close_range"), ("EXDEB", "EXDEV")] {
            let why = Found::of(word).unwrap_err().to_string();
            assert!(why.contains(word) && why.contains(near), "{why}");
        }
    }
}
