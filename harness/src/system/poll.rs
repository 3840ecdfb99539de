//! Waiting for files with poll(2).

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Waits until one of the files can be read or has ended. Returns its index, or none if
/// the deadline passed.
pub(crate) fn first_ready(
    files: &[BorrowedFd<'_>],
    deadline: Option<Instant>,
) -> io::Result<Option<usize>> {
    let wanted = |&file| PollFd::new(file, PollFlags::POLLIN);
    loop {
        let mut wanted: Vec<PollFd<'_>> = files.iter().map(wanted).collect();
        match poll(&mut wanted, patience(deadline)) {
            Ok(0) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                return Ok(None);
            }
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(wanted.iter().position(|one| one.any() == Some(true))),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// A deadline as a timeout of poll(2).
pub(crate) fn patience(deadline: Option<Instant>) -> PollTimeout {
    let Some(deadline) = deadline else {
        return PollTimeout::NONE;
    };
    let patience = deadline.saturating_duration_since(Instant::now());
    // Rounded up, so as not to spin through the last millisecond.
    PollTimeout::try_from(patience + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
}
