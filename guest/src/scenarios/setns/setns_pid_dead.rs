use crate::scenarios::shared::*;

/// A descriptor keeps a namespace, but not its init.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a PID namespace whose init has died, and a fork",
    probe,
    &[
        no_pid_to_join_yet(),
        Claim::since(3, 8)
            .shows("open=ok setns=ok child=fork:ENOMEM")
            .because("setns(2) does not ask whether the namespace lives; fork(2) gets no PID there")
            .by(DEAD_NAMESPACE)
            .links(&["https://github.com/moby/moby/issues/23342"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let Some((init, namespace)) = another_pid_namespace(facts)? else {
        return Ok(());
    };
    kill(init.pid(), Signal::SIGKILL)?;
    init.end()?;
    facts.saw_result("setns", &setns(&namespace, CloneFlags::CLONE_NEWPID));
    facts.saw_child("child", &Child::fork());
    Ok(())
}
