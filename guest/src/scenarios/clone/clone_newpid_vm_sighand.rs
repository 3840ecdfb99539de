use crate::scenarios::shared::*;

/// The flags of a thread, but for CLONE_THREAD.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWPID | CLONE_VM | CLONE_SIGHAND)",
    probe,
    &[
        Claim::since(3, 2).shows("clone=ok clone.child=1").because(
            "CLONE_THREAD and CLONE_PARENT are refused with CLONE_NEWPID, CLONE_SIGHAND \
                 is not",
        ),
        Claim::since(3, 12)
            .shows("clone=EINVAL")
            .because(
                "copy_process() refuses CLONE_SIGHAND with a new user or PID namespace, to \
                 refuse CLONE_THREAD, which cannot be without it",
            )
            .by(TIGHTER_CLONE),
        Claim::since(4, 3)
            .shows("clone=ok clone.child=1")
            .because(
                "it refuses CLONE_THREAD itself: processes of several namespaces may share \
                 signal handlers",
            )
            .by(THREADS_ONLY),
    ],
)
.vendors(&[EL7
    .shows("clone=EINVAL")
    .because("CLONE_SIGHAND with CLONE_NEWPID is refused, as from 3.12 to 4.2")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_VM | CloneFlags::CLONE_SIGHAND;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
