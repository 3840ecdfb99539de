//! Processes that keep doing something.

use std::process::exit;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, pipe2, read, write};

use super::fork_child;

/// A process that does the same thing over and over until it is dropped.
#[derive(Debug)]
pub struct Background(Pid);

impl Background {
    /// Starts the process. It has done it once when this returns. The caller
    /// has one thread.
    pub fn start(mut again: impl FnMut()) -> Result<Self, Errno> {
        let (hear, say) = pipe2(OFlag::O_CLOEXEC)?;
        let process = fork_child(|| {
            again();
            if write(&say, b".").is_err() {
                exit(1)
            }
            loop {
                again();
            }
        })?;
        drop(say);
        read(&hear, &mut [0])?;
        Ok(Self(process))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have died by itself; then there is nothing to do.
        let _ = kill(self.0, Signal::SIGKILL);
        let _ = waitpid(self.0, None);
    }
}
