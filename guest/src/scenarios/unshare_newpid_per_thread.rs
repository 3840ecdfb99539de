use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Worker, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Who, of two threads, has children in the new namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_per_thread",
    summary: "thread 1 unshares CLONE_NEWPID and forks, then thread 2 forks",
    probe,
    claims: &[
        no_unshare_yet(
            "thread1.unshare=EINVAL thread1.child=outer thread1.parent_sees=outer \
                 thread2.child=outer thread2.parent_sees=outer",
        )
        .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(
                "thread1.unshare=EINVAL thread1.child=outer thread1.parent_sees=outer \
                 thread2.child=outer thread2.parent_sees=outer",
            )
            .because(
                "CLONE_NEWPID implies CLONE_THREAD, so a multi-threaded process is refused, \
                 and nothing changes for either thread",
            )
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows(
                "thread1.unshare=ok thread1.child=1 thread1.parent_sees=outer \
                 thread2.child=outer thread2.parent_sees=outer",
            )
            .because(
                "the namespace for children belongs to the thread that unshares: its child is \
                 PID 1 there, the other thread's child stays where it was, and both parents \
                 know their children by PIDs of the old namespace",
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
    let threads = [Worker::start()?, Worker::start()?];
    let unshared = threads[0].run(|| unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_result("thread1.unshare", &unshared);

    // The child of thread 1 lives until both have forked.
    let mut children = Vec::new();
    for thread in &threads {
        children.push(thread.run(Child::fork)?);
    }
    for (n, child) in (1..).zip(children) {
        facts.saw(format_args!("thread{n}.child"), child.sees());
        facts.saw(format_args!("thread{n}.parent_sees"), child.parent_sees());
        child.end()?;
    }
    Ok(())
}
