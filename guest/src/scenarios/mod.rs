//! The table of scenarios: a folder for each family, a file for each scenario;
//! may use: claims, probe.

use crate::claims::Scenario;
use crate::concat::{concat, length};

/// The scenarios of a family, each by one word: the name of its file, of which it
/// makes the module, the scenario's name and its entry in the table.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        pub(super) const FAMILY: &[crate::claims::Scenario] =
            &[$(const { $name::SCENARIO.named(stringify!($name)) }),*];
    };
}

mod after_unshare;
mod calls_of_prctl;
mod cgroup_files;
mod clone;
mod credentials;
mod exec;
mod files;
mod init;
mod limits;
mod memory;
mod modern_calls;
mod mounts;
mod other_namespaces;
mod pidfd;
mod pipes;
mod proc;
mod proc_text;
mod rseq;
mod setns;
mod shared;
mod sockets;
mod time;
mod tracing;
mod unprivileged;
mod unshare;
mod waiting;

const FAMILIES: &[&[Scenario]] = &[
    unshare::FAMILY,
    proc::FAMILY,
    after_unshare::FAMILY,
    clone::FAMILY,
    pidfd::FAMILY,
    setns::FAMILY,
    limits::FAMILY,
    unprivileged::FAMILY,
    init::FAMILY,
    other_namespaces::FAMILY,
    files::FAMILY,
    pipes::FAMILY,
    memory::FAMILY,
    modern_calls::FAMILY,
    exec::FAMILY,
    credentials::FAMILY,
    mounts::FAMILY,
    waiting::FAMILY,
    sockets::FAMILY,
    tracing::FAMILY,
    time::FAMILY,
    proc_text::FAMILY,
    calls_of_prctl::FAMILY,
    cgroup_files::FAMILY,
    rseq::FAMILY,
];

/// All scenarios, in the order they are run and shown.
pub const ALL: &[Scenario] = &concat::<_, { length(FAMILIES) }>(FAMILIES);

/// The scenario of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::claims::{Observation, TABLE, Version};

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
    fn every_file_of_a_family_is_a_scenario_of_its_name() {
        let mut files = BTreeSet::new();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scenarios");
        let families = fs::read_dir(here)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        for family in families.filter(|path| path.is_dir() && !path.ends_with("shared")) {
            for file in fs::read_dir(family).unwrap() {
                let path = file.unwrap().path();
                files.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
            }
        }
        files.remove("mod");
        let names: BTreeSet<String> = ALL.iter().map(|one| one.name.to_owned()).collect();
        assert_eq!(files, names);
        for scenario in ALL {
            let begins = scenario.file.starts_with("guest/src/scenarios/");
            let ends = scenario.file.ends_with(&format!("/{}.rs", scenario.name));
            assert!(begins && ends, "{}", scenario.file);
        }
    }

    #[test]
    fn a_family_is_one_stretch_of_the_table() {
        let mut families: Vec<&str> = ALL.iter().map(Scenario::family).collect();
        families.dedup();
        assert_eq!(families.len(), FAMILIES.len());
        let unique: BTreeSet<&str> = families.iter().copied().collect();
        assert_eq!(unique.len(), FAMILIES.len());
    }

    #[test]
    fn what_is_not_run_on_a_host_says_why() {
        let not_here = ALL.iter().filter_map(|one| one.not_on_a_host);
        assert_eq!(not_here.clone().count(), 12);
        assert!(not_here.clone().all(|why| !why.is_empty()));
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
    fn claims_about_vendors_say_why_and_name_facts_that_there_are() {
        for scenario in ALL {
            for claim in scenario.vendors {
                let name = scenario.name;
                assert!(!claim.because.is_empty(), "{name}: {claim}");
                assert!(claim.source.starts_with("https://"), "{name}: {claim}");
                let all = scenario.claims.iter().map(|claim| claim.observation());
                let known: Vec<Observation> = all.collect();
                let expected = claim.observation();
                assert_ne!(expected, Observation::default(), "{name}: {claim}");
                for fact in &expected.0 {
                    let is_there = |seen: &Observation| seen.get(&fact.name).is_some();
                    assert!(known.iter().any(is_there), "{name}: {}", fact.name);
                }
            }
        }
    }

    /// The rows of the table of observed kernels.
    fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
        TABLE.lines().filter_map(|line| line.split_once('\t'))
    }

    #[test]
    fn every_row_of_observed_kernels_is_of_a_scenario() {
        for (name, _) in rows() {
            assert!(find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_claim_was_observed_where_it_holds() {
        let count = |text: &str| text.split_whitespace().count();
        let in_table: usize = rows().map(|(_, versions)| count(versions)).sum();
        let mut of_claims = 0;
        for scenario in ALL {
            for claim in scenario.claims {
                let versions = scenario.observed(claim);
                for version in &versions {
                    let name = scenario.name;
                    assert_eq!(scenario.claim(*version), Some(claim), "{name} on {version}");
                }
                of_claims += versions.len();
            }
        }
        assert_eq!(of_claims, in_table, "a version has no claim");
    }
}
