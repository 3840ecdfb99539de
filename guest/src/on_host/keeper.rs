//! Who outlives nobody: PID 1 of the namespaces dies with the process outside, and
//! that one with the host's harness.

use std::os::fd::{AsFd, OwnedFd};
use std::process::exit;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigHandler, SigSet, Signal, kill, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getppid, pipe};

/// The process outside of the namespaces, before it has made them.
pub(super) struct Keeper {
    parent: Pid,
    awaited: SigSet,
}

impl Keeper {
    /// From now on, a SIGTERM waits until there is something to end.
    pub(super) fn begin() -> nix::Result<Self> {
        let mut awaited = SigSet::empty();
        for number in [Signal::SIGTERM, Signal::SIGCHLD] {
            // One that is ignored would never be waited for.
            // SAFETY: the default needs no handler.
            unsafe { signal(number, SigHandler::SigDfl) }?;
            awaited.add(number);
        }
        awaited.thread_block()?;
        let keeper = Self {
            parent: getppid(),
            awaited,
        };
        keeper.dies_with_its_parent();
        Ok(keeper)
    }

    /// Asks for SIGTERM when the parent dies. The kernel forgets that where the
    /// process gains privileges, so it is asked again after that.
    pub(super) fn dies_with_its_parent(&self) {
        // SAFETY: it takes numbers only.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
        // The parent may have died before that.
        if getppid() != self.parent {
            exit(1)
        }
    }

    /// Waits for PID 1 of the namespaces, and exits as it does. On SIGTERM it is
    /// ended first. It is waited for in both cases: what is left to others to wait
    /// for stays a zombie where nobody does.
    pub(super) fn keep(self, child: Pid) -> ! {
        loop {
            if let Ok(Signal::SIGTERM) = self.awaited.wait() {
                let _ = kill(child, Signal::SIGKILL);
            }
            match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(_, status)) => exit(status),
                Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
                _ => exit(1),
            }
        }
    }
}

/// A pipe that ends with the process outside, if that has its other end alone.
pub(super) fn lifeline() -> nix::Result<(OwnedFd, OwnedFd)> {
    pipe()
}

/// Makes PID 1 of the namespaces die with the process outside.
pub(super) fn die_with(outside: &OwnedFd) {
    // SAFETY: it takes numbers only. PID 1 takes no other signal from outside for
    // serious, so this is how it goes.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // It may have died before that, which getppid(2) does not tell in here.
    let mut ready = [PollFd::new(outside.as_fd(), PollFlags::POLLIN)];
    if poll(&mut ready, PollTimeout::ZERO) != Ok(0) {
        exit(1)
    }
}
