use crate::scenarios::shared::*;

const REFUSED: &str = "thread1.unshare=EINVAL thread1.child=outer main.sees=outer main.wait=exit:0";

/// Children belong to the process, whichever thread made them and wherever
/// they are.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "thread 1 unshares CLONE_NEWPID and forks; the main thread waits for the child",
    probe,
    &[
        no_unshare_yet(REFUSED),
        Claim::since(3, 8)
            .as_before()
            .shows(REFUSED)
            .because("a process with threads is refused, and the child is like any other")
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows("thread1.unshare=ok thread1.child=1 main.sees=outer main.wait=exit:0")
            .because(
                "the child has a PID in the namespace of its parent as well, by which every \
                 thread there can see it and wait for it",
            )
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[
    EL7_UNSHARE.shows("thread1.unshare=ok thread1.child=1 main.sees=outer main.wait=exit:0")
]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    facts.saw_result("thread1.unshare", &thread1.run(unshare_newpid));
    let child = thread1.run(Child::fork);
    facts.saw_child("thread1.child", &child);
    let child = child?;
    facts.saw("main.sees", child.parent_sees());
    facts.saw_end("main.wait", child.end()?);
    Ok(())
}
