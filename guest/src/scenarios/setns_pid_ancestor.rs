use super::history::SETNS_PID;
use crate::probe::{CloneFlags, Namespaces, getpid, in_a_process, require, setns, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// PID namespaces are a way down only.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid_ancestor",
    summary: "setns(2) to the parent's PID namespace, from inside a new one",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no pid yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("open=ok pid=1 setns=EINVAL")
            .because(
                "only the own namespace and its descendants can be joined, so that every \
                 process is visible to its ancestors",
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
