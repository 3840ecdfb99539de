use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Worker, create_thread, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str = "thread1.unshare=EINVAL thread1.child=outer \
                       main.child=outer main.create_thread=ok thread1.child.end=exit:0";

/// The namespace outlives the thread that made it.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_thread_exits",
    summary: "thread 1 unshares CLONE_NEWPID, forks and exits; its child and the process go on",
    probe,
    claims: &[
        no_unshare_yet(REFUSED).observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(REFUSED)
            .because("a process with threads is refused, and nothing changes for any of them")
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows(
                "thread1.unshare=ok thread1.child=1 \
                 main.child=outer main.create_thread=ok thread1.child.end=exit:0",
            )
            .because(
                "the child stays the child of the process, and nobody takes over the namespace \
                 for children of a thread that has gone",
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
    drop(thread1);

    facts.saw_child("main.child", &Child::fork());
    facts.saw_result("main.create_thread", &create_thread());
    facts.saw_end("thread1.child.end", child?.end()?);
    Ok(())
}
