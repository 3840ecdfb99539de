//! The table of scenarios: one file a behaviour, one line here. What several
//! of them share stands beside them.

use crate::Scenario;

mod after_unshare;
mod by_each_thread;
mod history;
mod implied_flags;
mod shared_memory;

mod after_unshare_clone_newpid;
mod after_unshare_clone_parent;
mod after_unshare_clone_vm;
mod after_unshare_clone_vm_sighand;
mod after_unshare_create_thread;
mod after_unshare_fork_when_init_is_gone;
mod after_unshare_other_namespaces;
mod after_unshare_posix_spawn;
mod after_unshare_second_unshare;
mod after_unshare_setns_back;
mod after_unshare_vfork;
mod nspid_from_both_sides;
mod pid_for_children_by_thread;
mod pid_for_children_of_one_thread;
mod pid_for_children_taken_before_init;
mod proc_mounted_inside;
mod proc_ns_pid_and_user;
mod proc_thread_self;
mod unshare_after_a_thread_has_gone;
mod unshare_implied_flags_multithreaded;
mod unshare_implied_flags_shared_memory;
mod unshare_newpid_by_main_thread;
mod unshare_newpid_children_by_thread;
mod unshare_newpid_from_another_thread;
mod unshare_newpid_init_ends_by_thread;
mod unshare_newpid_multithreaded;
mod unshare_newpid_per_thread;
mod unshare_newpid_shared_memory;
mod unshare_newpid_single_threaded;
mod unshare_newpid_thread_execs;
mod unshare_newpid_thread_exits;
mod unshare_newpid_threads_by_thread;
mod unshare_newpid_two_threads;
mod unshare_newpid_wait_by_another_thread;
mod unshare_newuser_multithreaded;
mod unshare_newuser_newpid_multithreaded;
mod unshare_newuser_shared_memory;
mod unshare_while_status_is_read;

/// All scenarios, in the order they are run and shown.
pub const ALL: &[Scenario] = &[
    unshare_newpid_single_threaded::SCENARIO,
    unshare_newpid_multithreaded::SCENARIO,
    unshare_newpid_from_another_thread::SCENARIO,
    unshare_newpid_shared_memory::SCENARIO,
    unshare_newuser_multithreaded::SCENARIO,
    unshare_newuser_newpid_multithreaded::SCENARIO,
    unshare_newuser_shared_memory::SCENARIO,
    unshare_implied_flags_multithreaded::SCENARIO,
    unshare_implied_flags_shared_memory::SCENARIO,
    unshare_while_status_is_read::SCENARIO,
    unshare_after_a_thread_has_gone::SCENARIO,
    unshare_newpid_per_thread::SCENARIO,
    unshare_newpid_children_by_thread::SCENARIO,
    unshare_newpid_threads_by_thread::SCENARIO,
    unshare_newpid_by_main_thread::SCENARIO,
    unshare_newpid_wait_by_another_thread::SCENARIO,
    unshare_newpid_init_ends_by_thread::SCENARIO,
    unshare_newpid_two_threads::SCENARIO,
    unshare_newpid_thread_exits::SCENARIO,
    unshare_newpid_thread_execs::SCENARIO,
    nspid_from_both_sides::SCENARIO,
    proc_mounted_inside::SCENARIO,
    proc_thread_self::SCENARIO,
    proc_ns_pid_and_user::SCENARIO,
    pid_for_children_of_one_thread::SCENARIO,
    pid_for_children_by_thread::SCENARIO,
    pid_for_children_taken_before_init::SCENARIO,
    after_unshare_create_thread::SCENARIO,
    after_unshare_vfork::SCENARIO,
    after_unshare_clone_vm::SCENARIO,
    after_unshare_clone_vm_sighand::SCENARIO,
    after_unshare_posix_spawn::SCENARIO,
    after_unshare_clone_parent::SCENARIO,
    after_unshare_clone_newpid::SCENARIO,
    after_unshare_second_unshare::SCENARIO,
    after_unshare_other_namespaces::SCENARIO,
    after_unshare_setns_back::SCENARIO,
    after_unshare_fork_when_init_is_gone::SCENARIO,
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
