//! A process that is traced.

use nix::errno::Errno;
use nix::libc::c_long;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use super::call::call;
use super::fork_child;
use crate::processor;

/// A child that the caller traces, and that is stopped. It is killed when it is dropped.
#[derive(Debug)]
pub struct Tracee(Pid);

/// Why a tracee has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At the beginning or the end of a system call.
    Call,
    /// Where its filter told it to stop.
    Filter,
    /// For any other reason.
    Other,
}

impl Tracee {
    /// Starts the child, with more options than to tell stops at system calls from others.
    /// It runs `part` once it is let go on. The caller has one thread.
    pub fn start(options: ptrace::Options, part: impl FnOnce()) -> Result<Self, Errno> {
        let child = fork_child(|| {
            let _ = ptrace::traceme().and_then(|()| raise(Signal::SIGSTOP));
            part();
        })?;
        let tracee = Self(child);
        waitpid(child, None)?;
        ptrace::setoptions(child, options | ptrace::Options::PTRACE_O_TRACESYSGOOD)?;
        Ok(tracee)
    }

    /// Lets it go on until it stops again; nothing where it has ended.
    pub fn next_stop(&self) -> Result<Option<Stop>, Errno> {
        ptrace::syscall(self.0, None)?;
        let filter = ptrace::Event::PTRACE_EVENT_SECCOMP as i32;
        Ok(match waitpid(self.0, None)? {
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => None,
            WaitStatus::PtraceSyscall(_) => Some(Stop::Call),
            WaitStatus::PtraceEvent(_, _, event) if event == filter => Some(Stop::Filter),
            _ => Some(Stop::Other),
        })
    }

    /// The number of the system call at which it has stopped.
    pub fn call(&self) -> Result<u64, Errno> {
        processor::call_of(self.0)
    }

    /// ptrace(2) by the number of a request that has a buffer and its length. Returns what
    /// the request does.
    ///
    /// # Errors
    /// EIO where the kernel has no such request.
    pub fn request(&self, request: c_long, buffer: &mut [u64]) -> Result<c_long, Errno> {
        let pid = self.0.as_raw() as c_long;
        let data = buffer.as_mut_ptr() as c_long;
        let arguments = [request, pid, size_of_val(buffer) as c_long, data];
        // SAFETY: it uses no more of the buffer than its length.
        unsafe { call(libc::SYS_ptrace, arguments) }
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = kill(self.0, Signal::SIGKILL);
        let _ = waitpid(self.0, None);
    }
}
