use super::by_each_thread::by_each_thread;
use crate::probe::{Child, CloneFlags, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// A user namespace and, owned by it, a PID namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newuser_newpid",
    summary: "clone(CLONE_NEWUSER | CLONE_NEWPID) by the only thread, the main one and another",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("single=ok single.child=1 main=ok main.child=1 thread=ok thread.child=1")
        .because(
            "unlike unshare(2), clone(2) changes the new child only: a multi-threaded \
             caller may have both",
        )
        .observed(versions![
            "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
            "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
        ])],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    require_clone(CloneFlags::CLONE_NEWUSER, "CONFIG_USER_NS")?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID;
    let call = move || Child::clone(flags);
    by_each_thread(facts, call, |facts, who, child| facts.saw_call(who, child))
}
