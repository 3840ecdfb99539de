use super::another_namespace::another_pid_namespace;
use super::history::DEAD_NAMESPACE;
use crate::probe::{Child, CloneFlags, Signal, kill, require, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// A descriptor keeps a namespace, but not its init.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid_dead",
    summary: "setns(2) to a PID namespace whose init has died, and a fork",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no pid yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("open=ok setns=ok child=fork:ENOMEM")
            .because("setns(2) does not ask whether the namespace lives; fork(2) gets no PID there")
            .by(DEAD_NAMESPACE)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ])
            .links(&["https://github.com/moby/moby/issues/23342"]),
    ],
};

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
