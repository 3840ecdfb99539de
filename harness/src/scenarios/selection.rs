//! Selects scenarios by name.

use guest::{Scenario, scenarios};

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
            scenarios::find(name).ok_or_else(|| {
                let mut nearest: Vec<&str> = scenarios::ALL.iter().map(|s| s.name).collect();
                let nearness = |other: &&str| -(strsim::jaro_winkler(name, other) * 1000.0) as i64;
                nearest.sort_by_key(nearness);
                nearest.truncate(3);
                UnknownScenario {
                    name: name.clone(),
                    nearest,
                }
            })
        })
        .collect()
}
