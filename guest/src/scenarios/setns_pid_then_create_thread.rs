use super::another_namespace::another_pid_namespace;
use super::history::NO_THREADS_AFTER;
use crate::probe::{CloneFlags, create_thread, require, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// What nsenter(1)-like programs meet that want threads before they fork.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid_then_create_thread",
    summary: "setns(2) to a PID namespace, and pthread_create(3)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no pid yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("open=ok setns=ok create_thread=EINVAL")
            .because("a new thread would be in another PID namespace than its process")
            .by(NO_THREADS_AFTER)
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
    facts.saw_result("create_thread", &create_thread());
    Ok(())
}
