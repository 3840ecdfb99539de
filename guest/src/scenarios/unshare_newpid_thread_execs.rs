use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{CloneFlags, Worker, exec_program, observe_program, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// execve(2) makes the calling thread the only one, with all that is its own.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_thread_execs",
    summary: "thread 1 unshares CLONE_NEWPID and executes a program, which forks and starts a \
              thread",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL pid=outer child=outer thread=ok")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("unshare=EINVAL pid=outer child=outer thread=ok")
            .because("a process with threads is refused, and nothing changes for the program")
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows("unshare=ok pid=outer child=1 thread=EINVAL")
            .because(
                "the program keeps its PID and has its children in the new namespace; that it \
                 cannot start threads survives execve(2) as well",
            )
            .by(NO_IMPLIED_THREAD)
            .observed(versions![
                "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let (process, seen) = observe_program(|facts, report| {
        let Ok(thread1) = Worker::start() else { return };
        let unshared = thread1.run(|| unshare(CloneFlags::CLONE_NEWPID));
        facts.saw_result("unshare", &unshared);
        let executed = thread1.run(move || exec_program(&report));
        facts.saw_result("exec", &executed);
    })?;
    facts.saw_program(process, seen);
    Ok(())
}
