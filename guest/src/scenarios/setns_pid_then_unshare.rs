use super::another_namespace::another_pid_namespace;
use super::history::SETNS_PID;
use crate::probe::{CloneFlags, require, setns, unshare};
use crate::{Claim, Facts, ProbeError, Scenario};

/// Joining and then making another one takes a fork in between.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid_then_unshare",
    summary: "setns(2) to a PID namespace, and unshare(CLONE_NEWPID)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no pid yet, so there is nothing to join"),
        Claim::since(3, 8)
            .shows("open=ok setns=ok unshare=EINVAL")
            .because(
                "copy_pid_ns() refuses to make a namespace for whom has left the own one \
                     already, be it by unshare(2) or setns(2)",
            )
            .by(SETNS_PID),
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
