use crate::probe::{Child, CloneFlags, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// That a new PID namespace and shared memory exclude each other, as the manual
/// says of kernels before 3.12, holds for callers only that had unshared before.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newpid_vm",
    summary: "clone(CLONE_NEWPID | CLONE_VM), with CLONE_VFORK and without",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("clone=ok clone.child=1 vfork=ok vfork.child=1")
        .because("the init of a namespace may share the memory of its parent, who is not in it")
        .observed(versions![
            "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
            "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
        ])],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_VM;
    facts.saw_call("clone", &Child::clone(flags));
    facts.saw_call("vfork", &Child::clone(flags | CloneFlags::CLONE_VFORK));
    Ok(())
}
