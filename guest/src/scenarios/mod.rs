//! The table of scenarios: one file a behaviour, one line here. What several
//! of them share stands beside them.

use crate::Scenario;

mod after_unshare;
mod another_namespace;
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

mod clone3_newpid;
mod clone_newns_fs;
mod clone_newpid;
mod clone_newpid_parent;
mod clone_newpid_thread;
mod clone_newpid_vm;
mod clone_newpid_vm_sighand;
mod clone_newuser_fs;
mod clone_newuser_newpid;
mod clone_newuser_parent;
mod clone_newuser_thread;
mod clone_newuser_vm;
mod clone_newuser_vm_sighand;
mod clone_parent;
mod clone_pidfd;
mod init_killed;
mod init_own_faults;
mod init_signals_from_inside;
mod init_signals_from_outside;
mod max_pid_namespaces;
mod nesting_limit_clone;
mod nesting_limit_unshare;
mod nesting_limit_user;
mod pidfd_open;
mod pidfd_send_signal;
mod setns_cgroup;
mod setns_ipc;
mod setns_mnt;
mod setns_net;
mod setns_pid;
mod setns_pid_ancestor;
mod setns_pid_back_to_own;
mod setns_pid_by_pidfd;
mod setns_pid_dead;
mod setns_pid_per_thread;
mod setns_pid_target_killed;
mod setns_pid_then_create_thread;
mod setns_pid_then_unshare;
mod setns_pid_then_vfork;
mod setns_time;
mod setns_user;
mod setns_user_own;
mod setns_user_sharing_memory;
mod setns_uts;
mod unprivileged_clone_newpid;
mod unprivileged_unshare_newpid;
mod unprivileged_unshare_newuser;
mod unprivileged_unshare_newuser_newpid;
mod unshare_files;
mod unshare_fs;
mod unshare_newcgroup;
mod unshare_newipc;
mod unshare_newnet;
mod unshare_newns;
mod unshare_newpid_newns;
mod unshare_newtime;
mod unshare_newuts;

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
    clone_newpid::SCENARIO,
    clone_newuser_newpid::SCENARIO,
    clone_parent::SCENARIO,
    clone_newpid_parent::SCENARIO,
    clone_newuser_parent::SCENARIO,
    clone_newpid_thread::SCENARIO,
    clone_newuser_thread::SCENARIO,
    clone_newpid_vm::SCENARIO,
    clone_newuser_vm::SCENARIO,
    clone_newpid_vm_sighand::SCENARIO,
    clone_newuser_vm_sighand::SCENARIO,
    clone_newuser_fs::SCENARIO,
    clone_newns_fs::SCENARIO,
    clone_pidfd::SCENARIO,
    clone3_newpid::SCENARIO,
    pidfd_open::SCENARIO,
    pidfd_send_signal::SCENARIO,
    setns_pid::SCENARIO,
    setns_pid_per_thread::SCENARIO,
    setns_pid_then_create_thread::SCENARIO,
    setns_pid_then_vfork::SCENARIO,
    setns_pid_then_unshare::SCENARIO,
    setns_pid_back_to_own::SCENARIO,
    setns_pid_target_killed::SCENARIO,
    setns_pid_dead::SCENARIO,
    setns_pid_ancestor::SCENARIO,
    setns_pid_by_pidfd::SCENARIO,
    setns_user::SCENARIO,
    setns_user_own::SCENARIO,
    setns_user_sharing_memory::SCENARIO,
    setns_mnt::SCENARIO,
    setns_uts::SCENARIO,
    setns_ipc::SCENARIO,
    setns_net::SCENARIO,
    setns_cgroup::SCENARIO,
    setns_time::SCENARIO,
    nesting_limit_unshare::SCENARIO,
    nesting_limit_clone::SCENARIO,
    nesting_limit_user::SCENARIO,
    max_pid_namespaces::SCENARIO,
    unprivileged_unshare_newpid::SCENARIO,
    unprivileged_clone_newpid::SCENARIO,
    unprivileged_unshare_newuser::SCENARIO,
    unprivileged_unshare_newuser_newpid::SCENARIO,
    init_signals_from_inside::SCENARIO,
    init_signals_from_outside::SCENARIO,
    init_own_faults::SCENARIO,
    init_killed::SCENARIO,
    unshare_newpid_newns::SCENARIO,
    unshare_newns::SCENARIO,
    unshare_newuts::SCENARIO,
    unshare_newipc::SCENARIO,
    unshare_newnet::SCENARIO,
    unshare_newcgroup::SCENARIO,
    unshare_newtime::SCENARIO,
    unshare_fs::SCENARIO,
    unshare_files::SCENARIO,
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
