//! Between which two kernels a behaviour changes. May use: `scenarios`, `programs` and
//! below.

mod program;
mod range;
mod scenario;
mod search;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use guest::{Scenario, Version};
use images::Kernel;

pub use program::ask_program;
pub use range::{Candidate, Ends, RangeError, candidates};
pub use scenario::ask_scenario;
pub use search::{Answer, Outcome, Search, search};

use crate::results::Exit;

/// What came of one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It ran, and showed something.
    Showed(Showed),
    /// It cannot be asked, and why: it cannot be had, or does not boot.
    Skipped(String),
}

/// What a kernel showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Showed {
    /// What is compared: kernels with the same class show the same.
    pub class: String,
    /// The same for people.
    pub text: String,
    /// The version that ran, where it told.
    pub version: Option<Version>,
    /// Whether it is not what is claimed of this kernel.
    pub disagrees: bool,
}

/// A kernel that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub kernel: String,
    /// What came of it.
    pub trial: Trial,
}

/// A search through kernels that has come to its end.
#[derive(Clone, Debug)]
pub struct Bisection<'a> {
    /// The scenario, where it was one.
    pub scenario: Option<&'a Scenario>,
    /// What the search came to; positions are those of `kernels`.
    pub search: Search,
    /// The names of the kernels that were searched, oldest first.
    pub kernels: Vec<String>,
    /// What those showed that were asked.
    pub trials: BTreeMap<usize, Trial>,
}

/// Halves a list of kernels until two neighbours differ in what they show.
///
/// The oldest that can be asked sets the standard: who shows the same is good.
///
/// # Errors
/// Where `ask` cannot do its work, whatever the kernel.
pub fn bisect<'a>(
    scenario: Option<&'a Scenario>,
    candidates: &[Candidate],
    mut ask: impl FnMut(&Kernel) -> Result<Trial>,
    mut watch: impl FnMut(&Step),
) -> Result<Bisection<'a>> {
    let mut standard: Option<String> = None;
    let mut trials = BTreeMap::new();
    let search = search(candidates.len(), |position| {
        let candidate = &candidates[position];
        let step = Step {
            kernel: candidate.name.clone(),
            trial: ask(&candidate.kernel)?,
        };
        watch(&step);
        let answer = match &step.trial {
            Trial::Skipped(_) => Answer::Skip,
            Trial::Showed(showed) => {
                let standard = standard.get_or_insert_with(|| showed.class.clone());
                if *standard == showed.class {
                    Answer::Good
                } else {
                    Answer::Bad
                }
            }
        };
        trials.insert(position, step.trial);
        anyhow::Ok(answer)
    })?;
    Ok(Bisection {
        scenario,
        search,
        kernels: candidates.iter().map(|c| c.name.clone()).collect(),
        trials,
    })
}

impl Bisection<'_> {
    /// What a kernel showed, where it was asked and could be.
    #[must_use]
    pub fn showed(&self, position: usize) -> Option<&Showed> {
        match self.trials.get(&position) {
            Some(Trial::Showed(showed)) => Some(showed),
            _ => None,
        }
    }

    /// What it comes to: a pair that agrees with its claims, one that does not,
    /// or none.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let disagrees = |position| self.showed(position).is_some_and(|showed| showed.disagrees);
        match self.search.outcome {
            Outcome::Change { before, after } if disagrees(before) || disagrees(after) => {
                Exit::Disagreed
            }
            Outcome::Change { .. } => Exit::Agreed,
            Outcome::NoChange | Outcome::Nothing => Exit::Unable,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.trial {
            Trial::Showed(showed) if showed.disagrees => {
                write!(f, "{}: {} (not what is claimed)", self.kernel, showed.text)
            }
            Trial::Showed(showed) => write!(f, "{}: {}", self.kernel, showed.text),
            Trial::Skipped(why) => write!(f, "{}: skipped: {why}", self.kernel),
        }
    }
}
