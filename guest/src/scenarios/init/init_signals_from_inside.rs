use crate::scenarios::shared::*;

/// Inside its namespace, only init ignores signals it has no handler for.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "SIGKILL to a namespace's init, from itself and from its child",
    probe,
    &[Claim::since(3, 2)
        .shows("itself=ok itself.init=survived child=ok child.init=survived")
        .because(
            "a signal without a handler is dropped if it goes to init and comes from \
             its namespace, SIGKILL too",
        )],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    // An init that dies of it says so by ECHILD.
    sharing_memory(CloneFlags::CLONE_NEWPID, || {
        facts.saw_result("itself", &kill(getpid(), Signal::SIGKILL));
        facts.saw("itself.init", "survived");
        in_a_process(facts, |facts| {
            facts.saw_result("child", &kill(Pid::from_raw(1), Signal::SIGKILL));
            Ok(())
        })?;
        facts.saw("child.init", "survived");
        Ok(())
    })?
}
