//! Limits of resources: PID 1's, and those that a program is given.

use std::io;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

use crate::protocol::Ulimit;

/// How many files PID 1 could have open at first: the soft limit, and the hard one.
static FEWER_FILES: OnceLock<(rlim_t, rlim_t)> = OnceLock::new();

/// Lets PID 1 have as many files open as it may.
pub(super) fn have_more_files() -> Result<(), Errno> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let _ = FEWER_FILES.set((soft, hard));
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
}

/// Lets this process have as many files open as PID 1 could at first.
pub(super) fn have_fewer_files() -> Result<(), Errno> {
    FEWER_FILES.get().map_or(Ok(()), |&(soft, hard)| {
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard)
    })
}

/// Limits a resource of this process.
pub(super) fn bound(limit: Ulimit) -> io::Result<()> {
    // Without a limit, the number is the largest of its type.
    let number = |limit: Option<u64>| limit.map_or(libc::RLIM_INFINITY, |limit| limit as _);
    let limits = libc::rlimit {
        rlim_cur: number(limit.soft),
        rlim_max: number(limit.hard),
    };
    // SAFETY: the call reads a rlimit, which is there for the call.
    match unsafe { libc::setrlimit(limit.resource() as _, &raw const limits) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
