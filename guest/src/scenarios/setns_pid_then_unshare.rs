use super::another_namespace::another_pid_namespace;
use super::history::SETNS_PID;
use crate::probe::{CloneFlags, require, setns, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Joining and then making another one takes a fork in between.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid_then_unshare",
    summary: "setns(2) to a PID namespace, and unshare(CLONE_NEWPID)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no pid yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("open=ok setns=ok unshare=EINVAL")
            .because(
                "copy_pid_ns() makes no namespace for a thread whose children go to another \
                 than its own already, be it by unshare(2) or by setns(2)",
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
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    Ok(())
}
