use super::by_each_thread::by_each_thread;
use crate::probe::{Child, CloneFlags, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// How PID namespaces were made before unshare(2) could. Who calls has never
/// mattered.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newpid",
    summary: "clone(CLONE_NEWPID) by the only thread, the main one and another",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("single=ok single.child=1 main=ok main.child=1 thread=ok thread.child=1")
        .because(
            "clone(2) makes the child the init of a new PID namespace, and nothing \
             changes for its parent, so threads do not matter",
        )
        .observed(versions![
            "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
            "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
        ])],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    let call = || Child::clone(CloneFlags::CLONE_NEWPID);
    by_each_thread(facts, call, |facts, who, child| facts.saw_call(who, child))
}
