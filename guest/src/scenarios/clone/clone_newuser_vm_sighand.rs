use crate::scenarios::shared::*;

/// The same check as `clone_newpid_vm_sighand`, of the other namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWUSER | CLONE_VM | CLONE_SIGHAND)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("clone=ok clone.child=outer")
            .because("CLONE_THREAD is refused with CLONE_NEWUSER, CLONE_SIGHAND is not"),
        Claim::since(3, 12)
            .shows("clone=EINVAL")
            .because(
                "copy_process() refuses CLONE_SIGHAND with a new user or PID namespace, to \
                 refuse CLONE_THREAD, which cannot be without it",
            )
            .by(TIGHTER_CLONE),
        Claim::since(4, 3)
            .shows("clone=ok clone.child=outer")
            .because(
                "it refuses CLONE_THREAD itself: processes of several namespaces may share \
                 signal handlers",
            )
            .by(THREADS_ONLY),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("user", CloneFlags::CLONE_NEWUSER)?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_VM | CloneFlags::CLONE_SIGHAND;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
