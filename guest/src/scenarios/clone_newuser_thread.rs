use crate::probe::{Child, CloneFlags, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario};

/// A thread cannot have other credentials' owners than its process.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newuser_thread",
    summary: "clone(CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("clone=EINVAL")
        .because("all threads of a process are in one user namespace")],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWUSER, "CONFIG_USER_NS")?;
    let flags = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_THREAD
        | CloneFlags::CLONE_SIGHAND
        | CloneFlags::CLONE_VM;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
