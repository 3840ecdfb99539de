use crate::scenarios::shared::*;

/// Which of two threads has its children in the new namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "thread 1 unshares CLONE_NEWPID and forks, then thread 2 forks",
    probe,
    &[
        no_unshare_yet(
            "thread1.unshare=EINVAL thread1.child=outer thread1.parent_sees=outer \
                 thread2.child=outer thread2.parent_sees=outer",
        ),
        Claim::since(3, 8)
            .as_before()
            .shows(
                "thread1.unshare=EINVAL thread1.child=outer thread1.parent_sees=outer \
                 thread2.child=outer thread2.parent_sees=outer",
            )
            .because(
                "CLONE_NEWPID implies CLONE_THREAD, so a multi-threaded process is refused, \
                 and nothing changes for either thread",
            )
            .by(UNSHARE_PID),
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
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows(
    "thread1.unshare=ok thread1.child=1 thread1.parent_sees=outer thread2.child=outer \
     thread2.parent_sees=outer",
)]);

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
