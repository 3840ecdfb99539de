use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// A descriptor is taken out of another process.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pidfd_getfd(2) of a descriptor of a child, and of one that it does not have",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)"),
        Claim::since(5, 3)
            .shows("pidfd_open=ok getfd=ENOSYS none=ENOSYS")
            .because("there is no pidfd_getfd(2)")
            .by(PIDFD_OPEN),
        Claim::since(5, 6)
            .shows("pidfd_open=ok getfd=ok none=EBADF")
            .because("who may trace a process may copy its descriptors")
            .commit("8649c322f75c", "pid: Implement pidfd_getfd syscall"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let file = std::fs::File::open("/proc/self/status")?;
    let child = Child::fork()?;
    let pidfd = pidfd_open(child.pid());
    facts.saw_result("pidfd_open", &pidfd);
    if let Ok(pidfd) = pidfd {
        facts.saw_result("getfd", &pidfd_getfd(&pidfd, file.as_raw_fd()));
        facts.saw_result("none", &pidfd_getfd(&pidfd, 1000));
    }
    child.end()?;
    Ok(())
}
