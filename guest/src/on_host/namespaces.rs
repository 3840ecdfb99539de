//! The way into namespaces of one's own.

use std::fs;
use std::process::exit;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// No PID up to this one is used by a scenario.
const FIRST_PID: i32 = 300;

/// Becomes PID 1 of a new PID namespace, with mounts, hostname and IPC objects
/// of its own, and says whether that took a user namespace.
///
/// The process that called stays outside, waits, and exits as PID 1 does. The
/// caller has one thread.
pub(super) fn enter() -> Result<bool, String> {
    let ours = CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC;
    // SAFETY: both always succeed.
    let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
    let user_namespace = match unshare(ours) {
        Ok(()) => false,
        Err(Errno::EPERM) => {
            unshare(ours | CloneFlags::CLONE_NEWUSER).map_err(|errno| {
                format!(
                    "no namespaces: {errno}; be root, or see user_namespaces(7) for what \
                     keeps ordinary users from having one"
                )
            })?;
            // A group may be mapped only by who cannot get rid of any.
            write("/proc/self/setgroups", "deny")?;
            write("/proc/self/uid_map", &format!("0 {uid} 1"))?;
            write("/proc/self/gid_map", &format!("0 {gid} 1"))?;
            // Only its owner may join a time namespace, be it one's own. Where the
            // kernel knows none there is none to join.
            // SAFETY: it takes a number only.
            unsafe { libc::unshare(libc::CLONE_NEWTIME) };
            true
        }
        Err(errno) => return Err(format!("no namespaces: {errno}")),
    };
    // SAFETY: the caller has one thread, so the child may do anything.
    match unsafe { fork() }.map_err(|errno| format!("no process: {errno}"))? {
        ForkResult::Parent { child } => match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, status)) => exit(status),
            _ => exit(1),
        },
        ForkResult::Child => {
            settle()?;
            Ok(user_namespace)
        }
    }
}

/// What PID 1 does first.
fn settle() -> Result<(), String> {
    // SAFETY: it takes numbers only. PID 1 takes no other signal from outside
    // for serious, so this is how it goes when the host does.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let none = None::<&str>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none).map_err(|errno| format!("keeping mounts: {errno}"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, none).map_err(|errno| {
        format!("mounting a /proc of its own: {errno}; containers that mask /proc forbid it")
    })?;
    leave_small_pids_behind()?;
    // So that nothing is left in the system's own.
    let _ = mount(Some("tmpfs"), "/tmp", Some("tmpfs"), flags, none);
    Ok(())
}

/// Lets PIDs begin where they do on a booted system, after the kernel's threads:
/// else a child that is PID 2 out here and PID 2 in a namespace of its own would
/// seem to be in one and the same.
fn leave_small_pids_behind() -> Result<(), String> {
    // Where checkpoints are configured in, this is one write.
    if write("/proc/sys/kernel/ns_last_pid", &FIRST_PID.to_string()).is_ok() {
        return Ok(());
    }
    loop {
        // SAFETY: PID 1 has one thread.
        match unsafe { fork() }.map_err(|errno| format!("no process: {errno}"))? {
            ForkResult::Child => exit(0),
            ForkResult::Parent { child } => {
                let _ = waitpid(child, None);
                if child.as_raw() >= FIRST_PID {
                    return Ok(());
                }
            }
        }
    }
}

fn write(path: &str, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{path}: {error}"))
}
