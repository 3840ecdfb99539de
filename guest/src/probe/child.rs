//! Children that say under which PID they know themselves.

use std::fs;
use std::io::{Read, Write};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, pipe2};

/// A forked child. It has said which PID it sees for itself and stays until it
/// is [ended](Child::end).
#[derive(Debug)]
pub struct Child {
    outside: Pid,
    inside: Pid,
    go: fs::File,
}

impl Child {
    /// Forks, and waits for what the child says.
    ///
    /// # Errors
    /// That of fork(2) or pipe(2); ESRCH where the child was gone before it
    /// said anything.
    pub fn fork() -> Result<Self, Errno> {
        let (hear, say) = pipe2(OFlag::O_CLOEXEC)?;
        let (wait, go) = pipe2(OFlag::O_CLOEXEC)?;
        // SAFETY: the process may have other threads, so the child keeps to
        // calls that are safe after fork(2): getpid, write, read, _exit.
        match unsafe { fork() }? {
            ForkResult::Child => {
                let inside = getpid().as_raw().to_ne_bytes();
                let _ = nix::unistd::write(&say, &inside);
                let _ = nix::unistd::read(&wait, &mut [0]);
                // SAFETY: _exit(2) is always safe to call.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => {
                drop((say, wait));
                let mut inside = [0; 4];
                fs::File::from(hear)
                    .read_exact(&mut inside)
                    .map_err(|_| Errno::ESRCH)?;
                let inside = Pid::from_raw(i32::from_ne_bytes(inside));
                Ok(Self {
                    outside: child,
                    inside,
                    go: fs::File::from(go),
                })
            }
        }
    }

    /// The PID under which the child knows itself: a number in a namespace of
    /// its own, or `outer` where it is the one that fork(2) returned.
    #[must_use]
    pub fn sees(&self) -> String {
        if self.inside == self.outside {
            "outer".to_owned()
        } else {
            self.inside.to_string()
        }
    }

    /// To which namespace the PID belongs that fork(2) returned: `outer` where
    /// `/proc`, which shows the caller's own namespace, has a child of the
    /// caller under it, and `unknown` otherwise.
    #[must_use]
    pub fn parent_sees(&self) -> &'static str {
        let status = fs::read_to_string(format!("/proc/{}/status", self.outside));
        let parent = status.ok().and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
            line.trim().parse().ok()
        });
        if parent == Some(getpid().as_raw()) {
            "outer"
        } else {
            "unknown"
        }
    }

    /// Lets the child exit and waits for it.
    ///
    /// # Errors
    /// That of waitpid(2).
    pub fn end(mut self) -> Result<WaitStatus, Errno> {
        let _ = self.go.write_all(b".");
        waitpid(self.outside, None)
    }
}
