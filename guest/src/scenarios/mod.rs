//! The table of scenarios: one file a behaviour, one line here.

use crate::Scenario;

mod unshare_newpid_multithreaded;
mod unshare_newpid_per_thread;
mod unshare_newpid_single_threaded;

/// All scenarios, in the order they are run and shown.
pub const ALL: &[Scenario] = &[
    unshare_newpid_single_threaded::SCENARIO,
    unshare_newpid_multithreaded::SCENARIO,
    unshare_newpid_per_thread::SCENARIO,
];

/// The scenario of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Observation, Version};

    #[test]
    fn names_are_lower_snake_case_and_unique() {
        for scenario in ALL {
            let name = scenario.name;
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(allowed), "{name}");
            assert_eq!(
                find(name).unwrap().summary,
                scenario.summary,
                "{name} is there twice"
            );
        }
    }

    #[test]
    fn every_version_since_3_2_has_one_claim() {
        for scenario in ALL {
            let name = scenario.name;
            let versions: Vec<Version> = scenario.claims.iter().map(|claim| claim.since).collect();
            assert_eq!(versions.first(), Some(&Version::new(3, 2)), "{name}");
            assert!(
                versions.is_sorted_by(|a, b| a < b),
                "{name}: claims are out of order"
            );
        }
    }

    #[test]
    fn claims_say_what_and_why() {
        for scenario in ALL {
            for (index, claim) in scenario.claims.iter().enumerate() {
                let name = scenario.name;
                assert_ne!(claim.observation(), Observation::default(), "{name}");
                assert!(!claim.because.is_empty(), "{name} since {}", claim.since);
                // What was so at the beginning needs no commit.
                assert!(
                    claim.commit.is_some() || index == 0,
                    "{name} since {}",
                    claim.since
                );
                let id = claim.commit.map_or("", |commit| commit.id);
                assert!(id.len() == 12 || id.is_empty(), "{name}: commit {id}");
            }
        }
    }

    #[test]
    fn a_claim_was_observed_where_it_holds() {
        for scenario in ALL {
            for claim in scenario.claims {
                for version in claim.observed {
                    let name = scenario.name;
                    assert_eq!(scenario.claim(*version), Some(claim), "{name} on {version}");
                }
            }
        }
    }
}
