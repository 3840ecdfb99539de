use crate::scenarios::shared::*;

const REFUSED: &str = "thread1.unshare=EINVAL thread1.child=outer thread1.second_child=outer \
                       made_before.child=outer made_after.child=outer main.child=outer";

/// Whose children go to the new namespace: threads made before and after, and all.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "thread 1 unshares CLONE_NEWPID; it, a thread made before, one made after and the \
     main thread fork",
    probe,
    &[
        no_unshare_yet(REFUSED),
        threads_are_refused(REFUSED),
        Claim::since(3, 12)
            .shows(
                "thread1.unshare=ok thread1.child=1 thread1.second_child=2 \
                 made_before.child=outer made_after.child=outer main.child=outer",
            )
            .because(
                "the namespace for children is the thread's own: its first child is PID 1 there \
                 and its second PID 2, while threads made by others know nothing of it",
            )
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows(
    "thread1.unshare=ok thread1.child=1 thread1.second_child=2 made_before.child=outer \
     made_after.child=outer main.child=outer",
)]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    let made_before = Worker::start()?;
    facts.saw_result("thread1.unshare", &thread1.run(unshare_newpid));
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
