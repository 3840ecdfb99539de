//! What a scenario saw.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that was seen: `unshare=EINVAL`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
pub struct Fact {
    /// What was looked at, such as `thread1.child`.
    pub name: String,
    /// What it was: `ok`, the name of an errno, a PID, …
    pub value: String,
}

impl Fact {
    /// Whether this, from a claim, allows a value: the same, or a number within
    /// the range, both ends included.
    #[must_use]
    pub fn allows(&self, value: &str) -> bool {
        let within = |(first, last): (&str, &str)| -> Option<bool> {
            let range = first.parse::<u32>().ok()?..=last.parse().ok()?;
            Some(range.contains(&value.parse().ok()?))
        };
        self.value == value || self.value.split_once("..").and_then(within) == Some(true)
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// All that a scenario saw, in the order it was seen.
///
/// Written, in claims and reports alike, as `unshare=ok child=1`. A claim may
/// allow a range where a number varies between runs: `refused=0..200`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Observation(pub Vec<Fact>);

impl Observation {
    /// Reads the written form.
    ///
    /// # Panics
    /// Where a word is no `name=value`. The written form stands in the table of
    /// claims only, and a test reads all of that.
    #[must_use]
    pub fn written(text: &str) -> Self {
        let fact = |word: &str| match word.split_once('=') {
            Some((name, value)) => Fact {
                name: name.to_owned(),
                value: value.to_owned(),
            },
            None => panic!("{word:?} in the claim {text:?} is no name=value"),
        };
        Self(text.split_whitespace().map(fact).collect())
    }

    /// What was seen under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|fact| fact.name == name)
            .map(|fact| fact.value.as_str())
    }

    /// Whether this, from a claim, allows all that was `seen`: the same facts,
    /// in whatever order, each once and with its value or one within its range.
    #[must_use]
    pub fn satisfied_by(&self, seen: &Self) -> bool {
        let satisfied = |fact: &Fact| seen.get(&fact.name).is_some_and(|value| fact.allows(value));
        self.0.len() == seen.0.len() && self.0.iter().all(satisfied)
    }

    /// Whether this allows what was `seen` under the names that it has itself.
    #[must_use]
    pub fn satisfied_where_named(&self, seen: &Self) -> bool {
        let mut about = seen.clone();
        about.0.retain(|fact| self.get(&fact.name).is_some());
        self.satisfied_by(&about)
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fact) in self.0.iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}{fact}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn satisfies(claim: &str, seen: &str) -> bool {
        Observation::written(claim).satisfied_by(&Observation::written(seen))
    }

    #[test]
    fn a_claim_speaks_of_every_fact_in_any_order() {
        assert!(satisfies("unshare=ok child=1", "child=1 unshare=ok"));
        assert!(!satisfies("unshare=ok child=1", "unshare=ok child=2"));
        assert!(!satisfies("unshare=ok child=1", "unshare=ok"));
        assert!(!satisfies("unshare=ok", "unshare=ok child=1"));
        assert!(!satisfies("unshare=ok child=1", "unshare=ok unshare=ok"));
    }

    #[test]
    fn a_claim_may_allow_a_range() {
        assert!(satisfies("refused=0..200", "refused=0"));
        assert!(satisfies("refused=0..200", "refused=200"));
        assert!(!satisfies("refused=0..200", "refused=201"));
        assert!(!satisfies("refused=0..200", "refused=EINVAL"));
        assert!(!satisfies("refused=0", "refused=17"));
    }
}
