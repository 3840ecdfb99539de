use super::history::{THREADS_ONLY, TIGHTER_CLONE};
use crate::probe::{Child, CloneFlags, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The same check as `clone_newpid_vm_sighand`, of the other namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newuser_vm_sighand",
    summary: "clone(CLONE_NEWUSER | CLONE_VM | CLONE_SIGHAND)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("clone=ok clone.child=outer")
            .because("CLONE_THREAD is refused with CLONE_NEWUSER, CLONE_SIGHAND is not")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"
            ]),
        Claim::since(3, 12)
            .shows("clone=EINVAL")
            .because(
                "copy_process() refuses CLONE_SIGHAND with a new user or PID namespace, to \
                 refuse CLONE_THREAD, which cannot be without it",
            )
            .by(TIGHTER_CLONE)
            .observed(versions!["3.12", "3.13.11", "3.16"]),
        Claim::since(4, 3)
            .shows("clone=ok clone.child=outer")
            .because(
                "it refuses CLONE_THREAD itself: processes of several namespaces may share \
                 signal handlers",
            )
            .by(THREADS_ONLY)
            .observed(versions![
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWUSER, "CONFIG_USER_NS")?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_VM | CloneFlags::CLONE_SIGHAND;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
