use std::fs::File;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// Locks that a thread can have, and that the close(2) of a copy does not drop.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "fcntl(F_OFD_SETLK) of a file by two descriptors of one process",
    probe,
    &[
        Claim::since(3, 2)
            .shows("first=EINVAL second=EINVAL")
            .because("a lock belongs to a process"),
        Claim::since(3, 15)
            .shows("first=ok second=EAGAIN")
            .because("a lock can belong to an open file, so that a process can be in its own way")
            // The commit was seen, its title was not.
            .commit(
                "5d50ffd7c31d",
                "locks: add new fcntl cmd values for handling file private locks",
            ),
    ],
)
.vendors(&[EL7
    .shows("first=ok second=EAGAIN")
    .because("the locks of 3.15 are there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let path = scratch()?.join("file");
    let (first, second) = (File::create(&path)?, File::create(&path)?);
    let lock = |file: &File| {
        // SAFETY: all zeroes is a valid value of plain numbers.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = libc::F_WRLCK as i16;
        // SAFETY: the lock is there for the call.
        let locked = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw mut lock) };
        Errno::result(locked)
    };
    facts.saw_result("first", &lock(&first));
    facts.saw_result("second", &lock(&second));
    Ok(())
}
