use std::fs::File;

use crate::scenarios::shared::*;

/// The call came before there was a way to get a descriptor other than by `/proc`.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pidfd_send_signal(2) to a directory of /proc, and to what pidfd_open(2) gives",
    probe,
    &[
        Claim::since(3, 2)
            .shows("directory=ENOSYS pidfd_open=ENOSYS")
            .because("there is no pidfd_send_signal(2)"),
        Claim::since(5, 1)
            .shows("directory=ok pidfd_open=ENOSYS")
            .because(
                "a process can be signalled by its directory in /proc, whose PID cannot \
                 become another's",
            )
            .by(PIDFD_SEND_SIGNAL),
        Claim::since(5, 3)
            .shows("directory=ok pidfd_open=ok pidfd=ok")
            .because("pidfd_open(2) needs no /proc")
            .by(PIDFD_OPEN),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let child = Child::fork()?;
    let directory = File::open(format!("/proc/{}", child.pid()))?.into();
    facts.saw_result("directory", &pidfd_send_signal(&directory, Signal::SIGCONT));
    let pidfd = pidfd_open(child.pid());
    facts.saw_result("pidfd_open", &pidfd);
    if let Ok(pidfd) = pidfd {
        facts.saw_result("pidfd", &pidfd_send_signal(&pidfd, Signal::SIGCONT));
    }
    child.end()?;
    Ok(())
}
