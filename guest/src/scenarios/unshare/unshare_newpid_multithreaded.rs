use crate::scenarios::shared::*;

/// Every Go program is multi-threaded, and got EINVAL on 3.10. This project began
/// with it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWPID) in a process that has a second thread",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL child=outer"),
        Claim::since(3, 8)
            .as_before()
            .shows("unshare=EINVAL child=outer")
            .because(
                "CLONE_NEWPID implies CLONE_THREAD and so CLONE_VM, which unshare(2) refuses \
                 to a process that shares memory (mm_users > 1), as threads do",
            )
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows("unshare=ok child=1")
            .because(
                "CLONE_NEWPID no longer implies CLONE_THREAD: one thread of several may \
                 unshare, for its own children",
            )
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows("unshare=ok child=1")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let _second_thread = Worker::start()?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let child = Child::fork()?;
    facts.saw("child", child.sees());
    child.end()?;
    Ok(())
}
