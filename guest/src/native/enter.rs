//! Enters new namespaces.

use std::fs;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getgid, getuid, pipe};

use super::confinement;
use super::outside::{self, Outside};
use crate::probe::fork_child;
use crate::protocol::Confinement;

/// No PID up to this one is used by a scenario.
const FIRST_PID: i32 = 300;

/// Becomes PID 1 of a new PID namespace, with new mounts, hostname and IPC
/// objects, and says what confines it there.
///
/// The process that called stays outside, waits, and exits as PID 1 does. The
/// caller has one thread.
pub(super) fn enter() -> Result<Confinement, String> {
    let process = Outside::begin().map_err(|errno| format!("blocking signals: {errno}"))?;
    let mut confinement = confinement::here();
    let ours = CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC;
    let (uid, gid) = (getuid(), getgid());
    match unshare(ours) {
        Ok(()) => {}
        Err(Errno::EPERM) => {
            unshare(ours | CloneFlags::CLONE_NEWUSER).map_err(|errno| {
                format!(
                    "no namespaces: {errno}; be root, or see user_namespaces(7) for what \
                     keeps ordinary users from having one"
                )
            })?;
            // Only a process that cannot call setgroups(2) may map its group.
            write("/proc/self/setgroups", "deny")?;
            write("/proc/self/uid_map", &format!("0 {uid} 1"))?;
            write("/proc/self/gid_map", &format!("0 {gid} 1"))?;
            confinement.user_namespace = true;
            // In its user namespace it has all of them.
            confinement.lacks_capabilities = false;
        }
        Err(errno) => return Err(format!("no namespaces: {errno}")),
    }
    if confinement.user_namespace {
        // Only the owner of a time namespace may join it, even one it is in. On a
        // kernel without them this fails, and no scenario can join one.
        // SAFETY: it takes a number only.
        unsafe { libc::unshare(libc::CLONE_NEWTIME) };
    }
    process.dies_with_its_parent();
    let (lifeline, end) = pipe().map_err(|errno| format!("no pipe: {errno}"))?;
    // SAFETY: the caller has one thread, so the child may do anything.
    match unsafe { fork() }.map_err(|errno| format!("no process: {errno}"))? {
        ForkResult::Parent { child } => process.keep(child),
        ForkResult::Child => {
            drop(end);
            outside::die_with(&lifeline);
            settle()?;
            Ok(confinement)
        }
    }
}

/// What PID 1 does first.
fn settle() -> Result<(), String> {
    let none = None::<&str>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none).map_err(|errno| format!("keeping mounts: {errno}"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, none).map_err(|errno| {
        format!("mounting a /proc of its own: {errno}; containers that mask /proc forbid it")
    })?;
    leave_small_pids_behind()?;
    // So that nothing is left in the system's `/tmp`.
    let _ = mount(Some("tmpfs"), "/tmp", Some("tmpfs"), flags, none);
    Ok(())
}

/// Lets PIDs begin where they do on a booted system, after the kernel's threads:
/// else a child that is PID 2 out here and PID 2 in a new namespace would
/// seem to be in one and the same.
fn leave_small_pids_behind() -> Result<(), String> {
    // Where checkpoints are configured in, this is one write.
    if write("/proc/sys/kernel/ns_last_pid", &FIRST_PID.to_string()).is_ok() {
        return Ok(());
    }
    loop {
        let child = fork_child(|| ()).map_err(|errno| format!("no process: {errno}"))?;
        let _ = waitpid(child, None);
        if child.as_raw() >= FIRST_PID {
            return Ok(());
        }
    }
}

fn write(path: &str, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{path}: {error}"))
}
