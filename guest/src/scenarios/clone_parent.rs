use crate::probe::{Child, CloneFlags};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The counterpart of `clone_newpid_parent`.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_parent",
    summary: "clone(CLONE_PARENT), without new namespaces",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("clone=ok clone.child=outer")
        .because("anybody but the init of a PID namespace may give its parent a child")
        .observed(versions![
            "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
            "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
        ])],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw_call("clone", &Child::clone(CloneFlags::CLONE_PARENT));
    Ok(())
}
