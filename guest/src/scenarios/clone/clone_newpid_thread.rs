use crate::scenarios::shared::*;

/// A thread cannot be the init of a namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)",
    probe,
    &[Claim::since(3, 2)
        .shows("clone=EINVAL")
        .because("all threads of a process are in one PID namespace")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    let flags = CloneFlags::CLONE_NEWPID | A_THREAD;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
