use crate::scenarios::shared::*;

/// That a new PID namespace and shared memory exclude each other, as the manual
/// says of kernels before 3.12, holds for callers only that had unshared before.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWPID | CLONE_VM), with CLONE_VFORK and without",
    probe,
    &[Claim::since(3, 2)
        .shows("clone=ok clone.child=1 vfork=ok vfork.child=1")
        .because("the init of a namespace may share the memory of its parent, who is not in it")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_VM;
    facts.saw_call("clone", &Child::clone(flags));
    facts.saw_call("vfork", &Child::clone(flags | CloneFlags::CLONE_VFORK));
    Ok(())
}
