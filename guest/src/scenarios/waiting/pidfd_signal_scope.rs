use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// To whom a signal goes was once for the kind of the descriptor to say.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pidfd_send_signal(2) with PIDFD_SIGNAL_THREAD, PIDFD_SIGNAL_THREAD_GROUP and an unknown \
     flag",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)"),
        Claim::since(5, 3)
            .shows("pidfd_open=ok thread=EINVAL process=EINVAL unknown=EINVAL")
            .because("a signal goes to the process, and there are no flags")
            .by(PIDFD_OPEN),
        Claim::since(6, 9)
            .shows("pidfd_open=ok thread=ok process=ok unknown=EINVAL")
            .because("the caller can say whether a thread or its process is meant")
            .commit(
                "e1fb1dc08e73",
                "pidfd: allow to override signal scope in pidfd_send_signal()",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let pidfd = pidfd_open(getpid());
    facts.saw_result("pidfd_open", &pidfd);
    let Ok(pidfd) = pidfd else { return Ok(()) };
    for (name, flags) in [("thread", 1), ("process", 2), ("unknown", 1 << 20)] {
        let sent = pidfd_send_signal_to(pidfd.as_raw_fd(), Signal::SIGCONT, flags);
        facts.saw_result(name, &sent);
    }
    Ok(())
}
