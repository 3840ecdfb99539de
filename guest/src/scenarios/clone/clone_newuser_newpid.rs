use crate::scenarios::shared::*;

/// A user namespace and, owned by it, a PID namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWUSER | CLONE_NEWPID) by the only thread, the main one and another",
    probe,
    &[Claim::since(3, 2)
        .shows("single=ok single.child=1 main=ok main.child=1 thread=ok thread.child=1")
        .because(
            "unlike unshare(2), clone(2) changes the new child only: a multi-threaded \
             caller may have both",
        )],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    require_clone("user", CloneFlags::CLONE_NEWUSER)?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID;
    let call = move || Child::clone(flags);
    by_each_thread(facts, call, |facts, who, child| facts.saw_call(who, child))
}
