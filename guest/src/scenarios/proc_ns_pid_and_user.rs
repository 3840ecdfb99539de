use super::history::SETNS_PID;
use crate::probe::{Errno, Namespaces, require};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Without them, no setns(2).
pub(super) const SCENARIO: Scenario = Scenario {
    name: "proc_ns_pid_and_user",
    summary: "whether there are /proc/PID/ns/pid and /proc/PID/ns/user",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("pid=ENOENT user=ENOENT")
            .because("only ipc, net and uts are there yet")
            .observed(versions!["3.2.4"])
            .links(&["https://github.com/jpetazzo/nsenter/issues/68"]),
        Claim::since(3, 8)
            .shows("pid=ok user=ok")
            .because("setns(2) takes a PID namespace, and by cde1975bc242 a user namespace")
            .by(SETNS_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ]),
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
