use crate::scenarios::shared::*;

/// After setns(2), a process can go back to its own namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a PID namespace and back, a fork, a new thread, and unshare(CLONE_NEWPID)",
    probe,
    &[
        no_pid_to_join_yet(),
        Claim::since(3, 8)
            .shows(
                "open=ok setns=ok back=ok child=outer create_thread=ok unshare=ok \
                 child_after=1",
            )
            .because("one's own PID namespace can be joined like any of its descendants")
            .by(SETNS_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let own = Namespaces::own().open("pid");
    after_setns(facts, |facts| {
        facts.saw_result("back", &setns(own?, CloneFlags::CLONE_NEWPID));
        facts.saw_child("child", &Child::fork());
        facts.saw_result("create_thread", &create_thread());
        facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
        facts.saw_child("child_after", &Child::fork());
        Ok(())
    })
}
