//! What two observations, of claims or of runs, say otherwise.

use guest::Observation;
use serde::Serialize;

/// A fact that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// The fact's name.
    pub(super) fact: String,
    /// What it was; none if it is new.
    pub(super) before: Option<String>,
    /// What it is; none if it is gone.
    pub(super) after: Option<String>,
}

/// The facts that differ, those that are gone last.
pub(super) fn differences(before: &Observation, after: &Observation) -> Vec<Difference> {
    let gone = before.0.iter();
    let gone = gone.filter(|fact| after.get(&fact.name).is_none());
    let facts = after.0.iter().chain(gone);
    let difference = facts.map(|fact| Difference {
        fact: fact.name.clone(),
        before: before.get(&fact.name).map(str::to_owned),
        after: after.get(&fact.name).map(str::to_owned),
    });
    difference.filter(|one| one.before != one.after).collect()
}
