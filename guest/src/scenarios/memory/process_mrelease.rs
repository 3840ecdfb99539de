use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// For a killer that wants the memory at once.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "process_mrelease(2) of a process that lives",
    probe,
    &[
        Claim::since(3, 2)
            .shows("process_mrelease=ENOSYS")
            .because("there is no process_mrelease(2)"),
        Claim::since(5, 15)
            .shows("process_mrelease=EINVAL")
            .because("only the memory of a process that is being killed can be taken")
            .commit("884a7e5964e0", "mm: introduce process_mrelease system call"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let own = pidfd_open(getpid());
    let fd = own.as_ref().map_or(-1, AsRawFd::as_raw_fd);
    // SAFETY: it takes numbers.
    let released = unsafe { call(libc::SYS_process_mrelease, [fd.into(), 0]) };
    facts.saw_result("process_mrelease", &released);
    Ok(())
}
