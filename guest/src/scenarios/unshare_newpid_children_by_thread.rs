use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Worker, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str = "thread1.unshare=EINVAL thread1.child=outer thread1.second_child=outer \
                       made_before.child=outer made_after.child=outer main.child=outer";

/// Whose children go to the new namespace, in full.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_children_by_thread",
    summary: "thread 1 unshares CLONE_NEWPID; it, a thread made before, one made after and the \
              main thread fork",
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
                "thread1.unshare=ok thread1.child=1 thread1.second_child=2 \
                 made_before.child=outer made_after.child=outer main.child=outer",
            )
            .because(
                "the namespace for children is the thread's own: its first child is PID 1 there \
                 and its second PID 2, while threads made by others know nothing of it",
            )
            .by(NO_IMPLIED_THREAD)
            .observed(versions![
                "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    let made_before = Worker::start()?;
    let unshared = thread1.run(|| unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_result("thread1.unshare", &unshared);
    let made_after = Worker::start()?;

    // The namespace's init stays until all have forked.
    let children = [
        ("thread1.child", thread1.run(Child::fork)),
        ("thread1.second_child", thread1.run(Child::fork)),
        ("made_before.child", made_before.run(Child::fork)),
        ("made_after.child", made_after.run(Child::fork)),
        ("main.child", Child::fork()),
    ];
    for (name, child) in &children {
        facts.saw_child(name, child);
    }
    // It is waited for last: it waits for its namespace to be empty.
    for (_, child) in children.into_iter().rev() {
        child?.end()?;
    }
    Ok(())
}
