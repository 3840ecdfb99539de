//! Children that say under which PID they know themselves.

use std::fmt;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc::{c_int, c_void};
use nix::sched::CloneFlags;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, pipe2};

use super::stack::clone_to;
use super::status_line;
use crate::claims::Facts;

/// A child. It has said which PID it sees for itself and stays until it is
/// [ended](Child::end).
#[derive(Debug)]
pub struct Child {
    outside: Pid,
    inside: Pid,
    go: File,
    /// Whether it is the caller's to wait for.
    ours: bool,
}

impl Child {
    /// Forks, and waits for what the child says.
    ///
    /// # Errors
    /// As fork(2) and pipe(2); ESRCH where the child was gone before it said
    /// anything.
    pub fn fork() -> Result<Self, Errno> {
        Self::begin(CloneFlags::empty(), |life| {
            // SAFETY: the process may have other threads, so the child keeps
            // to calls that are safe after fork(2).
            match unsafe { fork() }? {
                // SAFETY: _exit(2) is always safe to call.
                ForkResult::Child => unsafe { libc::_exit(life.live()) },
                ForkResult::Parent { child } => Ok(child),
            }
        })
    }

    /// As vfork(3) does it: the child shares the memory and has ended when the
    /// caller goes on.
    pub fn vfork() -> Result<Self, Errno> {
        Self::clone(CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK)
    }

    /// clone(2) with any flags but CLONE_FILES. With CLONE_THREAD the child is
    /// a thread, and with CLONE_PARENT the parent's: neither is waited for.
    pub fn clone(flags: CloneFlags) -> Result<Self, Errno> {
        Self::clone_telling(flags, None)
    }

    /// clone(2), which with CLONE_PIDFD writes a descriptor to `pidfd`.
    pub(super) fn clone_telling(
        flags: CloneFlags,
        pidfd: Option<&mut c_int>,
    ) -> Result<Self, Errno> {
        extern "C" fn main(life: *mut c_void) -> c_int {
            // SAFETY: it is a `Life` that is never freed.
            unsafe { (*life.cast::<Life>()).live() }
        }
        let pidfd = pidfd.map_or(ptr::null_mut(), ptr::from_mut);
        Self::begin(flags, |life| {
            let life = ptr::from_mut(Box::leak(Box::new(life)));
            // SAFETY: `life` is never freed, and a `Life` is system calls only.
            unsafe { clone_to(flags, main, life.cast(), pidfd) }
        })
    }

    /// clone3(2) without CLONE_VM.
    ///
    /// # Errors
    /// ENOSYS where the kernel has no clone3(2).
    pub fn clone3(flags: CloneFlags) -> Result<Self, Errno> {
        Self::begin(flags, |life| {
            // SAFETY: all zeroes is a valid value of plain numbers.
            let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
            arguments.flags = flags.bits() as u64;
            arguments.exit_signal = libc::SIGCHLD as u64;
            // SAFETY: without CLONE_VM it is a fork(2), see there.
            let child = unsafe {
                libc::syscall(
                    libc::SYS_clone3,
                    &raw mut arguments,
                    size_of_val(&arguments),
                )
            };
            match Errno::result(child)? {
                // SAFETY: _exit(2) is always safe to call.
                0 => unsafe { libc::_exit(life.live()) },
                child => Ok(Pid::from_raw(child as i32)),
            }
        })
    }

    /// Starts a child by `begin`, and reads the PID that it reports.
    fn begin(
        flags: CloneFlags,
        begin: impl FnOnce(Life) -> Result<Pid, Errno>,
    ) -> Result<Self, Errno> {
        let (hear, say) = pipe2(OFlag::O_CLOEXEC)?;
        let (wait, go) = pipe2(OFlag::O_CLOEXEC)?;
        let outside = begin(Life {
            say: say.as_raw_fd(),
            wait: wait.as_raw_fd(),
            // No process can let it go while its parent waits.
            stays: !flags.contains(CloneFlags::CLONE_VFORK),
        })?;
        drop((say, wait));
        let mut inside = [0; 4];
        File::from(hear)
            .read_exact(&mut inside)
            .map_err(|_| Errno::ESRCH)?;
        Ok(Self {
            outside,
            inside: Pid::from_raw(i32::from_ne_bytes(inside)),
            go: go.into(),
            ours: !flags.intersects(CloneFlags::CLONE_PARENT | CloneFlags::CLONE_THREAD),
        })
    }

    /// The PID by which its parent knows it.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.outside
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
        let parent = status_line(self.outside, "PPid");
        if parent == Some(getpid().to_string()) {
            "outer"
        } else {
            "unknown"
        }
    }

    /// Lets the child exit and waits for it.
    pub fn end(mut self) -> Result<WaitStatus, Errno> {
        let _ = self.go.write_all(b".");
        if self.ours {
            self.wait()
        } else {
            Ok(WaitStatus::StillAlive)
        }
    }

    /// Waits until it has ended by itself or been killed.
    pub fn wait(self) -> Result<WaitStatus, Errno> {
        waitpid(self.outside, None)
    }
}

impl Facts<'_> {
    /// Reports what a child saw of itself: `1`, `2`, … in a new PID namespace,
    /// `outer` in the caller's, and `fork:ENOMEM` where there is no child.
    pub fn saw_child(&mut self, name: impl fmt::Display, child: &Result<Child, Errno>) {
        match child {
            Ok(child) => self.saw(name, child.sees()),
            Err(errno) => self.saw(name, format_args!("fork:{errno:?}")),
        }
    }

    /// Reports how a call ended that makes a child, and if well what the child saw
    /// of itself: `vfork=ok vfork.child=1`.
    pub fn saw_call(&mut self, name: &str, child: &Result<Child, Errno>) {
        self.saw_result(name, child);
        if let Ok(child) = child {
            self.saw(format_args!("{name}.child"), child.sees());
        }
    }

    /// Reports how a child ended: `exit:0`, `killed:9`.
    pub fn saw_end(&mut self, name: impl fmt::Display, end: WaitStatus) {
        match end {
            WaitStatus::Exited(_, status) => self.saw(name, format_args!("exit:{status}")),
            WaitStatus::Signaled(_, signal, _) => {
                self.saw(name, format_args!("killed:{}", signal as i32));
            }
            other => self.saw(name, format!("{other:?}").replace(' ', "")),
        }
    }
}

/// What a child does: system calls only.
#[derive(Clone, Copy)]
struct Life {
    say: RawFd,
    wait: RawFd,
    stays: bool,
}

impl Life {
    /// Says under which PID it knows itself, and stays. Returns its exit status.
    fn live(self) -> c_int {
        let inside = getpid().as_raw().to_ne_bytes();
        // SAFETY: both buffers are there and as long as they are said to be.
        unsafe {
            libc::write(self.say, inside.as_ptr().cast(), inside.len());
            if self.stays {
                libc::read(self.wait, [0_u8].as_mut_ptr().cast(), 1);
            }
        }
        0
    }
}
