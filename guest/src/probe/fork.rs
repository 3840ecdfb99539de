//! fork(2) in a process with one thread.

use std::process::exit;

use nix::errno::Errno;
use nix::unistd::{ForkResult, Pid, fork};

/// Forks a child that does what it is given, and exits with 0 if that returns.
/// The caller has one thread.
pub fn fork_child(child: impl FnOnce()) -> Result<Pid, Errno> {
    // SAFETY: the caller has one thread, so the child may do anything.
    match unsafe { fork() }? {
        ForkResult::Child => {
            child();
            exit(0)
        }
        ForkResult::Parent { child } => Ok(child),
    }
}
