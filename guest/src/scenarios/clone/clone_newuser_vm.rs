use crate::scenarios::shared::*;

/// Sharing memory across user namespaces.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWUSER | CLONE_VM)",
    probe,
    &[Claim::since(3, 2)
        .shows("clone=ok clone.child=outer")
        .because("a process of a new user namespace may share the memory of its parent")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("user", CloneFlags::CLONE_NEWUSER)?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_VM;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
