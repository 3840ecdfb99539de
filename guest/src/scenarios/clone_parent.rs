use crate::probe::{Child, CloneFlags};
use crate::{Claim, Facts, ProbeError, Scenario};

/// The counterpart of `clone_newpid_parent`.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_parent",
    summary: "clone(CLONE_PARENT), without new namespaces",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("clone=ok clone.child=outer")
        .because("anybody but the init of a PID namespace may give its parent a child")],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw_call("clone", &Child::clone(CloneFlags::CLONE_PARENT));
    Ok(())
}
