use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Worker, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str = "thread1.unshare=EINVAL thread1.child=outer main.sees=outer main.wait=exit:0";

/// Children belong to the process, whichever thread made them and wherever
/// they are.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_wait_by_another_thread",
    summary: "thread 1 unshares CLONE_NEWPID and forks; the main thread waits for the child",
    probe,
    claims: &[
        no_unshare_yet(REFUSED).observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(REFUSED)
            .because("a process with threads is refused, and the child is like any other")
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows("thread1.unshare=ok thread1.child=1 main.sees=outer main.wait=exit:0")
            .because(
                "the child has a PID in the namespace of its parent as well, by which every \
                 thread there can see it and wait for it",
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
    let thread1 = Worker::start()?;
    let unshared = thread1.run(|| unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_result("thread1.unshare", &unshared);
    let child = thread1.run(Child::fork);
    facts.saw_child("thread1.child", &child);
    let child = child?;
    facts.saw("main.sees", child.parent_sees());
    facts.saw_end("main.wait", child.end()?);
    Ok(())
}
