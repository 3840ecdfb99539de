use crate::scenarios::shared::*;

/// The thread that forks first makes the init, and from 7.1 on that need not be the
/// one that unshared.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "thread 1 unshares CLONE_NEWPID and opens its pid_for_children; the main thread \
     enters that by setns() and forks, then thread 1 forks",
    probe,
    &[
        no_unshare_yet(
            "thread1.unshare=EINVAL thread1.open=ENOENT main.child=outer thread1.child=outer",
        ),
        Claim::since(3, 8)
            .as_before()
            .shows(
                "thread1.unshare=EINVAL thread1.open=ENOENT main.child=outer thread1.child=outer",
            )
            .because("a process with threads is refused, and there is no such link yet")
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows("thread1.unshare=ok thread1.open=ENOENT main.child=outer thread1.child=1")
            .because("there is no such link yet")
            .by(NO_IMPLIED_THREAD),
        Claim::since(4, 12)
            .as_before()
            .shows("thread1.unshare=ok thread1.open=ENOENT main.child=outer thread1.child=1")
            .because("the link leads nowhere while the namespace has no init yet")
            .by(PID_FOR_CHILDREN),
        Claim::since(7, 1)
            .shows("thread1.unshare=ok thread1.open=ok main.setns=ok main.child=1 thread1.child=2")
            .because("it can be joined before it has an init; the first child of any process becomes that")
            .by(OPEN_EARLY),
    ],
)
.vendors(&[EL7_UNSHARE.shows(
    "thread1.unshare=ok thread1.open=ENOENT main.child=outer thread1.child=1",
)]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    facts.saw_result("thread1.unshare", &thread1.run(unshare_newpid));
    let link = thread1.run(|| Namespaces::own().open("pid_for_children"));
    facts.saw_result("thread1.open", &link);
    if let Ok(link) = link {
        facts.saw_result("main.setns", &setns(link, CloneFlags::CLONE_NEWPID));
    }
    let first = Child::fork();
    facts.saw_child("main.child", &first);
    let second = thread1.run(Child::fork);
    facts.saw_child("thread1.child", &second);
    second?.end()?;
    first?.end()?;
    Ok(())
}
