use std::ffi::c_int;
use std::fs::File;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// Are two descriptors the same open file? kcmp(2) is often not there.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "fcntl(F_DUPFD_QUERY) of a descriptor with its copy, and with another open file",
    probe,
    &[
        Claim::since(3, 2)
            .shows("copy=EINVAL other=EINVAL")
            .because("fcntl(2) cannot compare"),
        Claim::since(6, 10)
            .shows("copy=1 other=0")
            .because("it says whether both descriptors are of one open file")
            .commit("c62b758bae6a", "fcntl: add F_DUPFD_QUERY fcntl()"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const F_DUPFD_QUERY: c_int = 1027;
    let file = File::open("/proc/version")?;
    let (copy, other) = (file.try_clone()?, File::open("/proc/version")?);
    let compare = |with: &File| {
        // SAFETY: it takes numbers.
        let same = unsafe { libc::fcntl(file.as_raw_fd(), F_DUPFD_QUERY, with.as_raw_fd()) };
        Errno::result(same).map(|same| same as isize)
    };
    facts.saw_count("copy", compare(&copy));
    facts.saw_count("other", compare(&other));
    Ok(())
}
