use crate::scenarios::shared::*;

/// The threads of a process share one user namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)",
    probe,
    &[Claim::since(3, 2)
        .shows("clone=EINVAL")
        .because("all threads of a process are in one user namespace")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("user", CloneFlags::CLONE_NEWUSER)?;
    let flags = CloneFlags::CLONE_NEWUSER | A_THREAD;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
