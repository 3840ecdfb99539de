use std::os::fd::AsFd;

use nix::sys::wait::{Id, WaitPidFlag, waitid};

use crate::scenarios::shared::*;

/// A wait that does not block because of its descriptor, as it is with sockets.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "waitid(2) of a child that lives, by a descriptor with PIDFD_NONBLOCK",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)"),
        Claim::since(5, 3)
            .shows("pidfd_open=EINVAL")
            .because("pidfd_open(2) knows no flags")
            .by(PIDFD_OPEN),
        Claim::since(5, 10)
            .shows("pidfd_open=ok waitid=EAGAIN")
            .because("a descriptor of a process can be one that does not block")
            .commit(
                "4da9af0014b5",
                "Merge tag 'threads-v5.10' of \
                 git://git.kernel.org/pub/scm/linux/kernel/git/brauner/linux",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PIDFD_NONBLOCK: libc::c_int = libc::O_NONBLOCK;
    let child = Child::fork()?;
    let pidfd = pidfd_open_with(child.pid(), PIDFD_NONBLOCK.cast_unsigned());
    facts.saw_result("pidfd_open", &pidfd);
    if let Ok(pidfd) = pidfd {
        let waited = waitid(Id::PIDFd(pidfd.as_fd()), WaitPidFlag::WEXITED);
        facts.saw_result("waitid", &waited);
    }
    child.end()?;
    Ok(())
}
