use crate::scenarios::shared::*;

/// How PID namespaces were made before unshare(2) could. Which thread calls has never
/// mattered.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWPID) by the only thread, the main one and another",
    probe,
    &[Claim::since(3, 2)
        .shows("single=ok single.child=1 main=ok main.child=1 thread=ok thread.child=1")
        .because(
            "clone(2) makes the child the init of a new PID namespace, and nothing \
             changes for its parent, so threads do not matter",
        )],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    let call = || Child::clone(CloneFlags::CLONE_NEWPID);
    by_each_thread(facts, call, |facts, who, child| facts.saw_call(who, child))
}
