use super::history::SETNS_PID;
use crate::probe::{Errno, Namespaces, require};
use crate::{Claim, Facts, ProbeError, Scenario};

/// Without them, no setns(2).
pub(super) const SCENARIO: Scenario = Scenario {
    name: "proc_ns_pid_and_user",
    summary: "whether there are /proc/PID/ns/pid and /proc/PID/ns/user",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("pid=ENOENT user=ENOENT")
            .because("only ipc, net and uts are there yet")
            .links(&["https://github.com/jpetazzo/nsenter/issues/68"]),
        Claim::since(3, 8)
            .shows("pid=ok user=ok")
            .because("setns(2) takes a PID namespace, and a user namespace as well")
            .by(SETNS_PID),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    for kind in ["pid", "user"] {
        require(kind)?;
        let file: Result<_, Errno> = Namespaces::own().open(kind);
        facts.saw_result(kind, &file);
    }
    Ok(())
}
