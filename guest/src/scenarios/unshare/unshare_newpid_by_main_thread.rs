use crate::scenarios::shared::*;

const REFUSED: &str = "main.unshare=EINVAL main.child=outer thread1.child=outer \
                       made_by_thread1.child=outer main.second_child=outer \
                       main.create_thread=ok thread1.create_thread=ok";

/// The main thread is one among others.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the main thread unshares CLONE_NEWPID; it, thread 1 and a thread made by thread 1 \
     fork and start threads",
    probe,
    &[
        no_unshare_yet(REFUSED),
        threads_are_refused(REFUSED),
        Claim::since(3, 12)
            .shows(
                "main.unshare=ok main.child=1 thread1.child=outer \
                 made_by_thread1.child=outer main.second_child=2 \
                 main.create_thread=EINVAL thread1.create_thread=ok",
            )
            .because("the namespace for children is the main thread's alone")
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows(
    "main.unshare=ok main.child=1 thread1.child=outer made_by_thread1.child=outer \
     main.second_child=2 main.create_thread=EINVAL thread1.create_thread=ok",
)]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    facts.saw_result("main.unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let made_by_thread1 = thread1.run(Worker::start)?;
    let children = [
        ("main.child", Child::fork()),
        ("thread1.child", thread1.run(Child::fork)),
        ("made_by_thread1.child", made_by_thread1.run(Child::fork)),
        ("main.second_child", Child::fork()),
    ];
    for (name, child) in &children {
        facts.saw_child(name, child);
    }
    facts.saw_result("main.create_thread", &create_thread());
    facts.saw_result("thread1.create_thread", &thread1.run(create_thread));
    for (_, child) in children.into_iter().rev() {
        child?.end()?;
    }
    Ok(())
}
