use super::another_namespace::another_pid_namespace;
use super::history::SETNS_PID;
use crate::probe::{Child, CloneFlags, Namespaces, create_thread, require, setns, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The way back is open, and all is as before.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid_back_to_own",
    summary: "setns(2) to a PID namespace and back, a fork, a new thread, and unshare(CLONE_NEWPID)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no pid yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(
                "open=ok setns=ok back=ok child=outer create_thread=ok unshare=ok \
                 child_after=1",
            )
            .because("one's own PID namespace can be joined like any of its descendants")
            .by(SETNS_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let own = Namespaces::own().open("pid");
    let Some((_init, namespace)) = another_pid_namespace(facts)? else {
        return Ok(());
    };
    facts.saw_result("setns", &setns(&namespace, CloneFlags::CLONE_NEWPID));
    facts.saw_result("back", &setns(own?, CloneFlags::CLONE_NEWPID));
    facts.saw_child("child", &Child::fork());
    facts.saw_result("create_thread", &create_thread());
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_child("child_after", &Child::fork());
    Ok(())
}
