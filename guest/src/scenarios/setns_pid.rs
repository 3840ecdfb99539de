use super::another_namespace::another_pid_namespace;
use super::history::SETNS_PID;
use crate::probe::{Child, CloneFlags, require, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Joining is for the children, as unsharing is.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid",
    summary: "setns(2) to a PID namespace, and a fork",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no pid yet, so there is nothing to join")
            .observed(versions!["3.2.4"])
            .links(&["https://github.com/jpetazzo/nsenter/issues/68"]),
        Claim::since(3, 8)
            .shows("open=ok setns=ok child=2")
            .because(
                "the caller's children go to the namespace, which has an init; the caller \
                 stays",
            )
            .by(SETNS_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let Some((_init, namespace)) = another_pid_namespace(facts)? else {
        return Ok(());
    };
    facts.saw_result("setns", &setns(&namespace, CloneFlags::CLONE_NEWPID));
    facts.saw_child("child", &Child::fork());
    Ok(())
}
