use crate::scenarios::shared::*;

/// The counterpart of `clone_newpid_parent`.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_PARENT), without new namespaces",
    probe,
    &[Claim::since(3, 2)
        .shows("clone=ok clone.child=outer")
        .because("any process but the init of a PID namespace may give its parent a child")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw_call("clone", &Child::clone(CloneFlags::CLONE_PARENT));
    Ok(())
}
