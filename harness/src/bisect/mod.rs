//! Finds two neighbouring kernels between which a behaviour changes. May use:
//! `scenarios`, `programs` and below.

mod ask_case;
mod ask_program;
mod ask_scenario;
mod candidates;
mod search;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use guest::{Scenario, Version};
use images::Kernel;

pub use ask_case::ask_case;
pub use ask_program::ask_program;
pub use ask_scenario::ask_scenario;
pub use candidates::{Candidate, Ends, RangeError, candidates};
pub use search::{Mark, Search, SearchOutcome, search};

use crate::results::Exit;

/// What one kernel answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelAnswer {
    /// It ran, and showed something.
    Showed(Behaviour),
    /// It cannot be tested, and why: it cannot be obtained, or does not boot.
    Skipped(String),
}

/// The behaviour of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// What is compared: kernels with the same class show the same.
    pub class: String,
    /// The same as text.
    pub text: String,
    /// The version that ran, if it reported one.
    pub version: Option<Version>,
    /// Whether it contradicts the claim about this kernel.
    pub disagrees: bool,
}

/// A kernel that was tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub kernel: String,
    /// What came of it.
    pub answer: KernelAnswer,
}

/// A finished bisection.
#[derive(Clone, Debug)]
pub struct Bisection<'a> {
    /// The scenario, where it was one.
    pub scenario: Option<&'a Scenario>,
    /// The result of the search; its positions are indices of `kernels`.
    pub search: Search,
    /// The names of the kernels that were searched, oldest first.
    pub kernels: Vec<String>,
    /// The answers of the kernels that were tested.
    pub answers: BTreeMap<usize, KernelAnswer>,
}

/// Halves a list of kernels until two neighbours differ in what they show.
///
/// The oldest kernel that can be tested is good by definition, and so is each that
/// shows the same.
///
/// # Errors
/// If `ask` fails for a reason that is not the kernel's.
pub fn bisect<'a>(
    scenario: Option<&'a Scenario>,
    candidates: &[Candidate],
    mut ask: impl FnMut(&Kernel) -> Result<KernelAnswer>,
    mut watch: impl FnMut(&Step),
) -> Result<Bisection<'a>> {
    let mut standard: Option<String> = None;
    let mut answers = BTreeMap::new();
    let search = search(candidates.len(), |position| {
        let candidate = &candidates[position];
        let step = Step {
            kernel: candidate.name.clone(),
            answer: ask(&candidate.kernel)?,
        };
        watch(&step);
        let mark = match &step.answer {
            KernelAnswer::Skipped(_) => Mark::Skip,
            KernelAnswer::Showed(Behaviour { class, .. }) => {
                let standard = standard.get_or_insert_with(|| class.clone());
                match standard == class {
                    true => Mark::Good,
                    false => Mark::Bad,
                }
            }
        };
        answers.insert(position, step.answer);
        anyhow::Ok(mark)
    })?;
    Ok(Bisection {
        scenario,
        search,
        kernels: candidates.iter().map(|c| c.name.clone()).collect(),
        answers,
    })
}

impl Bisection<'_> {
    /// The behaviour of a kernel, if it was tested and not skipped.
    #[must_use]
    pub fn showed(&self, position: usize) -> Option<&Behaviour> {
        match self.answers.get(&position) {
            Some(KernelAnswer::Showed(showed)) => Some(showed),
            _ => None,
        }
    }

    /// The exit code: for a pair that agrees with its claims, one that does not, or
    /// none.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let disagrees = |position| self.showed(position).is_some_and(|showed| showed.disagrees);
        match self.search.outcome {
            SearchOutcome::Change { before, after } if disagrees(before) || disagrees(after) => {
                Exit::Disagreed
            }
            SearchOutcome::Change { .. } => Exit::Agreed,
            SearchOutcome::NoChange | SearchOutcome::Nothing => Exit::Unable,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            KernelAnswer::Showed(showed) if showed.disagrees => {
                write!(f, "{}: {} (not what is claimed)", self.kernel, showed.text)
            }
            KernelAnswer::Showed(showed) => write!(f, "{}: {}", self.kernel, showed.text),
            KernelAnswer::Skipped(why) => write!(f, "{}: skipped: {why}", self.kernel),
        }
    }
}
