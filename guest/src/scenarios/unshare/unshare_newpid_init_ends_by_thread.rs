use crate::scenarios::shared::*;

const REFUSED: &str = "thread1.unshare=EINVAL thread1.init=outer \
                       thread1.child=outer thread1.again=outer \
                       thread1.vfork=ok thread1.vfork.child=outer \
                       thread1.create_thread=ok thread1.unshare_again=EINVAL \
                       thread2.child=outer main.child=outer";

/// One thread can be left without a place for children while the others have
/// theirs.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "thread 1 unshares CLONE_NEWPID and its first child ends; it, thread 2 and the \
     main thread go on",
    probe,
    &[
        no_unshare_yet(REFUSED),
        threads_are_refused(REFUSED),
        Claim::since(3, 12)
            .shows(
                "thread1.unshare=ok thread1.init=1 \
                 thread1.child=fork:ENOMEM thread1.again=fork:ENOMEM \
                 thread1.vfork=ENOMEM \
                 thread1.create_thread=EINVAL thread1.unshare_again=EINVAL \
                 thread2.child=outer main.child=outer",
            )
            .because(
                "a namespace ends with its init and gives out no PID any more (ENOMEM), nor can \
                 thread 1 get another one; it is its own trouble only",
            )
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows(
    "thread1.unshare=ok thread1.init=1 thread1.child=fork:ENOMEM thread1.again=fork:ENOMEM \
     thread1.vfork=ENOMEM thread1.create_thread=EINVAL thread1.unshare_again=EINVAL \
     thread2.child=outer main.child=outer",
)]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    let thread2 = Worker::start()?;
    facts.saw_result("thread1.unshare", &thread1.run(unshare_newpid));
    let init = thread1.run(Child::fork);
    facts.saw_child("thread1.init", &init);
    init?.end()?;

    for name in ["thread1.child", "thread1.again"] {
        facts.saw_child(name, &thread1.run(Child::fork));
    }
    facts.saw_call("thread1.vfork", &thread1.run(Child::vfork));
    facts.saw_result("thread1.create_thread", &thread1.run(create_thread));
    let again = thread1.run(|| unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_result("thread1.unshare_again", &again);
    facts.saw_child("thread2.child", &thread2.run(Child::fork));
    facts.saw_child("main.child", &Child::fork());
    Ok(())
}
