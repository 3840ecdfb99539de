use crate::probe::{
    CloneFlags, Pid, Signal, getpid, in_a_process, kill, require_clone, sharing_memory,
};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The init of a PID namespace is spared what nobody but init is spared.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "init_signals_from_inside",
    summary: "SIGKILL to a namespace's init, from itself and from its child",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("itself=ok itself.init=survived child=ok child.init=survived")
        .because(
            "a signal without a handler is dropped if it goes to init and comes from \
             its namespace, SIGKILL too",
        )
        .observed(versions![
            "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
            "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
        ])],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    // An init that dies of it says so by ECHILD.
    sharing_memory(CloneFlags::CLONE_NEWPID, || {
        facts.saw_result("itself", &kill(getpid(), Signal::SIGKILL));
        facts.saw("itself.init", "survived");
        in_a_process(facts, |facts| {
            facts.saw_result("child", &kill(Pid::from_raw(1), Signal::SIGKILL));
            Ok(())
        })?;
        facts.saw("child.init", "survived");
        Ok(())
    })?
}
