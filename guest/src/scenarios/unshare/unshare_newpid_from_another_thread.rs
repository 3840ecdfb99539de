use crate::scenarios::shared::*;

/// It makes no difference which thread unshares.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWPID) and fork in a thread that is not the main one",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL child=outer"),
        Claim::since(3, 8)
            .as_before()
            .shows("unshare=EINVAL child=outer")
            .because(
                "CLONE_NEWPID implies CLONE_THREAD and so CLONE_VM, which unshare(2) refuses \
                 to a process that shares memory, whichever thread asks",
            )
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows("unshare=ok child=1")
            .because(
                "CLONE_NEWPID no longer implies CLONE_THREAD: any thread of several may \
                 unshare, for its own children",
            )
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows("unshare=ok child=1")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread = Worker::start()?;
    facts.saw_result("unshare", &thread.run(unshare_newpid));
    let child = thread.run(Child::fork);
    facts.saw_child("child", &child);
    child?.end()?;
    Ok(())
}
