//! What a scenario saw.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that was seen: `unshare=EINVAL`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What was looked at, such as `thread1.child`.
    pub name: String,
    /// What it was: `ok`, the name of an errno, a PID, …
    pub value: String,
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// All that a scenario saw, in the order it was seen.
///
/// Written, in claims and reports alike, as `unshare=ok child=1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
