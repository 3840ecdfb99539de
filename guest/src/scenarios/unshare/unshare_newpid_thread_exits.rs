use crate::scenarios::shared::*;

const REFUSED: &str = "thread1.unshare=EINVAL thread1.child=outer \
                       main.child=outer main.create_thread=ok thread1.child.end=exit:0";

/// The namespace outlives the thread that made it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "thread 1 unshares CLONE_NEWPID, forks and exits; its child and the process go on",
    probe,
    &[
        no_unshare_yet(REFUSED),
        threads_are_refused(REFUSED),
        Claim::since(3, 12)
            .shows(
                "thread1.unshare=ok thread1.child=1 \
                 main.child=outer main.create_thread=ok thread1.child.end=exit:0",
            )
            .because(
                "the child stays the child of the process, and no other thread takes over the \
                 namespace for children of a thread that has gone",
            )
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows(
    "thread1.unshare=ok thread1.child=1 main.child=outer main.create_thread=ok \
     thread1.child.end=exit:0",
)]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    facts.saw_result("thread1.unshare", &thread1.run(unshare_newpid));
    let child = thread1.run(Child::fork);
    facts.saw_child("thread1.child", &child);
    drop(thread1);

    facts.saw_child("main.child", &Child::fork());
    facts.saw_result("main.create_thread", &create_thread());
    facts.saw_end("thread1.child.end", child?.end()?);
    Ok(())
}
