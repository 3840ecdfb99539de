use std::sync::mpsc::channel;
use std::thread;

use crate::probe::{Child, CloneFlags, Errno, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, Version};

/// Who, of two threads, has children in the new namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_per_thread",
    summary: "thread 1 unshares CLONE_NEWPID and forks, then thread 2 forks",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows(
                "thread1.unshare=EINVAL thread1.child=outer thread1.parent_sees=outer \
                 thread2.child=outer thread2.parent_sees=outer",
            )
            .because("unshare(2) knows no PID namespaces yet; clone(2) does"),
        Claim::since(3, 8)
            .shows(
                "thread1.unshare=EINVAL thread1.child=outer thread1.parent_sees=outer \
                 thread2.child=outer thread2.parent_sees=outer",
            )
            .because(
                "CLONE_NEWPID implies CLONE_THREAD, so a multi-threaded process is refused, \
                 and nothing changes for either thread",
            )
            .commit(
                "50804fe3737c",
                "pidns: Support unsharing the pid namespace.",
            )
            .observed(&[Version::point(3, 10, 4)]),
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
            .commit(
                "6e556ce209b0",
                "pidns: Don't have unshare(CLONE_NEWPID) imply CLONE_THREAD",
            )
            .observed(&[
                Version::new(3, 12),
                Version::point(5, 10, 223),
                Version::point(6, 1, 176),
                Version::point(6, 12, 117),
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (forked, thread1_has_forked) = channel();
    let thread1 = thread::Builder::new().spawn(move || {
        let unshared = unshare(CloneFlags::CLONE_NEWPID);
        let child = Child::fork();
        let _ = forked.send(());
        (unshared, child)
    })?;
    let thread2 = thread::Builder::new().spawn(move || {
        let _ = thread1_has_forked.recv();
        Child::fork()
    })?;
    // The child of thread 1 lives until both have forked.
    let panicked = |_| ProbeError::Failed("a thread panicked".to_owned());
    let (unshared, child1) = thread1.join().map_err(panicked)?;
    let child2 = thread2.join().map_err(panicked)?;

    facts.saw_result("thread1.unshare", &unshared);
    for (thread, child) in [("thread1", child1), ("thread2", child2)] {
        see(facts, thread, child)?;
    }
    Ok(())
}

fn see(facts: &mut Facts, thread: &str, child: Result<Child, Errno>) -> Result<(), ProbeError> {
    let child = child?;
    facts.saw(format!("{thread}.child"), child.sees());
    facts.saw(format!("{thread}.parent_sees"), child.parent_sees());
    child.end()?;
    Ok(())
}
