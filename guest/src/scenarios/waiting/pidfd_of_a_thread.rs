use crate::scenarios::shared::*;

/// A descriptor of a thread that is not the first of its process.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pidfd_open(2) of a thread, with PIDFD_THREAD",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)"),
        Claim::since(5, 3)
            .shows("pidfd_open=EINVAL")
            .because("only processes have descriptors")
            .by(PIDFD_OPEN),
        Claim::since(6, 9)
            .shows("pidfd_open=ok")
            .because("a thread can be had as a descriptor")
            .commit(
                "64bef697d33b",
                "pidfd: implement PIDFD_THREAD flag for pidfd_open()",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PIDFD_THREAD: libc::c_int = libc::O_EXCL;
    let thread = Worker::start()?;
    let pidfd = pidfd_open_with(thread.tid(), PIDFD_THREAD.cast_unsigned());
    facts.saw_result("pidfd_open", &pidfd);
    Ok(())
}
