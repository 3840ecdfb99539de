//! Epoll, for one descriptor at a time.

use std::ffi::c_int;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::libc::c_long;

use super::call::{address, address_mut, call};

/// An epoll descriptor.
#[derive(Debug)]
pub struct Epoll(OwnedFd);

impl Epoll {
    /// epoll_create1(2).
    ///
    /// # Errors
    /// As the call.
    pub fn create() -> Result<Self, Errno> {
        // SAFETY: it takes a number.
        let fd = Errno::result(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: it is new, and nothing else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Begins to wait for events of a descriptor.
    ///
    /// # Errors
    /// As epoll_ctl(2).
    pub fn add(&self, what: &impl AsRawFd, events: c_int) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_ADD, what.as_raw_fd(), events)
    }

    /// Waits for other events of a descriptor that was added.
    ///
    /// # Errors
    /// As epoll_ctl(2).
    pub fn modify(&self, what: &impl AsRawFd, events: c_int) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_MOD, what.as_raw_fd(), events)
    }

    /// How many descriptors are ready, without waiting.
    ///
    /// # Errors
    /// As epoll_wait(2).
    pub fn ready(&self) -> Result<c_int, Errno> {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        // SAFETY: there is room for an event.
        Errno::result(unsafe { libc::epoll_wait(self.as_raw_fd(), &raw mut event, 1, 0) })
    }

    /// The same by epoll_pwait2(2), with the shortest timeout.
    ///
    /// # Errors
    /// ENOSYS where the kernel has no such call.
    pub fn ready_within_a_nanosecond(&self) -> Result<c_long, Errno> {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        let timeout = libc::timespec {
            tv_sec: 0,
            tv_nsec: 1,
        };
        let events = address_mut(&mut event);
        let arguments = [self.as_raw_fd().into(), events, 1, address(&timeout), 0, 0];
        // SAFETY: there is room for an event.
        unsafe { call(libc::SYS_epoll_pwait2, arguments) }
    }

    fn control(&self, operation: c_int, fd: RawFd, events: c_int) -> Result<(), Errno> {
        let mut event = libc::epoll_event {
            events: events.cast_unsigned(),
            u64: 0,
        };
        // SAFETY: the event is there for the call.
        let done = unsafe { libc::epoll_ctl(self.as_raw_fd(), operation, fd, &raw mut event) };
        Errno::result(done).map(drop)
    }
}

impl AsRawFd for Epoll {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
