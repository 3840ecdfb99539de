//! What scenarios are written with: claims, probes, and what several of them share;
//! may use: claims, probe.
//!
//! A scenario begins with `use crate::scenarios::shared::*`.

mod another_namespace;
mod by_each_thread;
mod commits;
mod el7;
mod implied_flags;
mod proc_mounts;
mod three_moments;
mod unshare_and_fork;
mod unshare_sharing_memory;

pub(super) use another_namespace::{after_setns, another_namespace, another_pid_namespace};
pub(super) use by_each_thread::{
    by_each_thread, setns_by_each_thread, succeeds_by_each_thread, unshare_and_fork_by_each_thread,
};
pub(super) use commits::*;
pub(super) use el7::*;
pub(super) use implied_flags::IMPLIED_FLAGS;
pub(super) use proc_mounts::{look_into_proc, mount_where_a_part_is_hidden, proc_of_processes};
pub(super) use three_moments::after_unshare;
pub(super) use unshare_sharing_memory::unshare_sharing_memory;

pub(super) use crate::claims::{Claim, Fact, Facts, ProbeError, Scenario, VendorClaim};
pub(super) use crate::probe::*;
pub(super) use crate::versions;

/// unshare(CLONE_NEWPID), for a thread to run.
pub(super) fn unshare_newpid() -> Result<(), Errno> {
    unshare(CloneFlags::CLONE_NEWPID)
}
