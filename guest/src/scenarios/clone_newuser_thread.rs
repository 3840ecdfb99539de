use crate::probe::{Child, CloneFlags, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The threads of a process share one user namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newuser_thread",
    summary: "clone(CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("clone=EINVAL")
        .because("all threads of a process are in one user namespace")
        .observed(versions![
            "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
            "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
        ])],
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
