use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Namespaces, Worker, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Two threads, two namespaces.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_two_threads",
    summary: "two threads unshare CLONE_NEWPID, and both fork",
    probe,
    claims: &[
        no_unshare_yet(
            "thread1.unshare=EINVAL thread2.unshare=EINVAL thread1.child=outer \
             thread2.child=outer namespaces=ENOENT",
        )
        .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(
                "thread1.unshare=EINVAL thread2.unshare=EINVAL thread1.child=outer \
                 thread2.child=outer namespaces=same",
            )
            .because("a process with threads is refused, and nothing changes for any of them")
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows(
                "thread1.unshare=ok thread2.unshare=ok thread1.child=1 \
                 thread2.child=1 namespaces=differ",
            )
            .because("each has a namespace for children of its own, and a first child in it")
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
    for (n, thread) in (1..).zip(&threads) {
        let unshared = thread.run(|| unshare(CloneFlags::CLONE_NEWPID));
        facts.saw_result(format_args!("thread{n}.unshare"), &unshared);
    }
    let mut children = Vec::new();
    for (n, thread) in (1..).zip(&threads) {
        let child = thread.run(Child::fork);
        facts.saw_child(format_args!("thread{n}.child"), &child);
        children.push(child?);
    }
    let [first, second] = [0, 1].map(|i| Namespaces::of(children[i].pid()).identity("pid"));
    match (first, second) {
        (Ok(first), Ok(second)) if first == second => facts.saw("namespaces", "same"),
        (Ok(_), Ok(_)) => facts.saw("namespaces", "differ"),
        (first, _) => facts.saw_result("namespaces", &first),
    }
    for child in children {
        child.end()?;
    }
    Ok(())
}
