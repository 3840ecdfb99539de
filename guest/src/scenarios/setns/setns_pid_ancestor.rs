use crate::scenarios::shared::*;

/// A process cannot join an outer PID namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to the parent's PID namespace, from inside a new one",
    probe,
    &[
        no_pid_to_join_yet(),
        Claim::since(3, 8)
            .shows("open=ok pid=1 setns=EINVAL")
            .because(
                "only the own namespace and its descendants can be joined, so that every \
                 process is visible to its ancestors",
            )
            .by(SETNS_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let outer = Namespaces::own().open("pid");
    facts.saw_result("open", &outer);
    let Ok(outer) = outer else { return Ok(()) };
    unshare(CloneFlags::CLONE_NEWPID)?;
    in_a_process(facts, |facts| {
        facts.saw("pid", getpid());
        facts.saw_result("setns", &setns(outer, CloneFlags::CLONE_NEWPID));
        Ok(())
    })
}
