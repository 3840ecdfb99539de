use crate::scenarios::shared::*;

/// A process names itself as one that has a descriptor, without one.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pidfd_send_signal(2) to PIDFD_SELF_THREAD",
    probe,
    &[
        Claim::since(3, 2)
            .shows("signal=ENOSYS")
            .because("there is no pidfd_send_signal(2)"),
        Claim::since(5, 1)
            .shows("signal=EBADF")
            .because("a negative number is no descriptor")
            .by(PIDFD_SEND_SIGNAL),
        Claim::since(6, 15)
            .shows("signal=ok")
            .because("two negative numbers stand for the caller")
            .commit(
                "f08d0c3a7111",
                "pidfd: add PIDFD_SELF* sentinels to refer to own thread/process",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PIDFD_SELF_THREAD: i32 = -10000;
    let sent = pidfd_send_signal_to(PIDFD_SELF_THREAD, Signal::SIGCONT, 0);
    facts.saw_result("signal", &sent);
    Ok(())
}
