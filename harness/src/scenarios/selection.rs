//! Selects scenarios by name.

use guest::{Scenario, scenarios};

use crate::system::nearest;

/// A name that no scenario has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scenario is called {name:?}; the nearest: {}", nearest.join(", "))]
pub struct UnknownScenario {
    /// The name.
    pub name: String,
    /// The names that come nearest.
    pub nearest: Vec<&'static str>,
}

/// The scenarios of these names, or all of them where none is named.
///
/// # Errors
/// For the first name that is unknown.
pub fn scenarios_named(names: &[String]) -> Result<Vec<&'static Scenario>, UnknownScenario> {
    if names.is_empty() {
        return Ok(scenarios::ALL.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            scenarios::find(name).ok_or_else(|| UnknownScenario {
                name: name.clone(),
                nearest: nearest(name, scenarios::ALL.iter().map(|s| s.name), 0.0),
            })
        })
        .collect()
}
