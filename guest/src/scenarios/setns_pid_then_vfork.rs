use super::another_namespace::another_pid_namespace;
use super::history::{NO_THREADS_AFTER, VFORK_AFTER, VFORK_AFTER_STABLE};
use crate::probe::{Child, CloneFlags, require, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// As after unshare(CLONE_NEWPID): vfork(2) was mistaken for a thread.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid_then_vfork",
    summary: "setns(2) to a PID namespace, a fork, and a vfork",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no pid yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("open=ok setns=ok child=2 vfork=EINVAL")
            .because(
                "to refuse threads, copy_process() refuses CLONE_VM to whose children go to \
                 another PID namespace",
            )
            .by(NO_THREADS_AFTER)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.11"]),
        Claim::since(3, 12)
            .shows("open=ok setns=ok child=2 vfork=ok vfork.child=3")
            .because("it refuses CLONE_SIGHAND instead, which vfork(2) does without")
            .by(VFORK_AFTER)
            .backported(VFORK_AFTER_STABLE)
            .observed(versions![
                "3.10.108", "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223",
                "6.1.176", "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let Some((_init, namespace)) = another_pid_namespace(facts)? else {
        return Ok(());
    };
    facts.saw_result("setns", &setns(&namespace, CloneFlags::CLONE_NEWPID));
    let _child = Child::fork().inspect(|child| facts.saw("child", child.sees()))?;
    facts.saw_call("vfork", &Child::vfork());
    Ok(())
}
