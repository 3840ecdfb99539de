//! The process outside of the namespaces: PID 1 inside dies with it, and it dies with
//! the host's harness.

use std::os::fd::{AsFd, OwnedFd};
use std::process::exit;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigHandler, SigSet, Signal, kill, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getppid};

/// The process outside of the namespaces, before it has made them.
pub(super) struct Outside {
    parent: Pid,
    awaited: SigSet,
}

impl Outside {
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
        let outside = Self {
            parent: getppid(),
            awaited,
        };
        outside.dies_with_its_parent();
        Ok(outside)
    }

    /// Asks for SIGTERM when the parent dies. The kernel forgets that where the
    /// process gains privileges, so it is asked again after that.
    pub(super) fn dies_with_its_parent(&self) {
        let _ = set_pdeathsig(Signal::SIGTERM);
        // The parent may have died before that.
        if getppid() != self.parent {
            exit(1)
        }
    }

    /// Waits for PID 1 of the namespaces, and exits as it does. On SIGTERM it is
    /// ended first. It is waited for in both cases: no other process may reap it.
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

/// Makes PID 1 of the namespaces die with the process outside, which alone has the
/// other end of the pipe `lifeline`.
pub(super) fn die_with(lifeline: &OwnedFd) {
    // PID 1 ignores every other signal from outside.
    let _ = set_pdeathsig(Signal::SIGKILL);
    // The process may have died before that; getppid(2) does not tell in here.
    let mut ready = [PollFd::new(lifeline.as_fd(), PollFlags::POLLIN)];
    if poll(&mut ready, PollTimeout::ZERO) != Ok(0) {
        exit(1)
    }
}
