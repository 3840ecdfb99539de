use std::os::fd::AsFd;

use nix::sys::wait::{Id, WaitPidFlag, waitid};

use crate::scenarios::shared::*;

/// A child is waited for by a descriptor, whatever its PID.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "waitid(P_PIDFD) of a child that lives",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)"),
        Claim::since(5, 3)
            .shows("pidfd_open=ok waitid=EINVAL")
            .because("waitid(2) takes PIDs and process groups only")
            .by(PIDFD_OPEN),
        Claim::since(5, 4)
            .shows("pidfd_open=ok waitid=ok")
            .because("waitid(2) takes a descriptor of a process")
            .commit("3695eae5fee0", "pidfd: add P_PIDFD to waitid()")
            .links(&["https://github.com/golang/go/issues/52014"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let child = Child::fork()?;
    let pidfd = pidfd_open(child.pid());
    facts.saw_result("pidfd_open", &pidfd);
    if let Ok(pidfd) = pidfd {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
        facts.saw_result("waitid", &waitid(Id::PIDFd(pidfd.as_fd()), flags));
    }
    child.end()?;
    Ok(())
}
