use std::sync::Arc;

use crate::scenarios::shared::*;

/// Which of three threads has children in the namespace that one has joined, and
/// which can make threads.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "one thread of three joins a PID namespace; all fork; then the main thread joins too",
    probe,
    &[
        no_pid_to_join_yet().links(&["https://github.com/jpetazzo/nsenter/issues/68"]),
        Claim::since(3, 8)
            .shows(
                "open=ok thread1.setns=ok thread1.child=2 thread2.child=outer \
                 main.child=outer thread1.create_thread=EINVAL thread2.create_thread=ok \
                 main.setns=ok main.child2=3",
            )
            .because(
                "setns(2) to a PID namespace has never asked for threads: it is the calling \
                 thread that joins, for its children, and it can have no more threads",
            )
            .by(SETNS_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let Some((_init, namespace)) = another_pid_namespace(facts)? else {
        return Ok(());
    };
    let namespace = Arc::new(namespace);
    let joined = Arc::clone(&namespace);
    let thread1 = Worker::start()?;
    let thread2 = Worker::start()?;
    let result = thread1.run(move || setns(&joined, CloneFlags::CLONE_NEWPID));
    facts.saw_result("thread1.setns", &result);
    facts.saw_child("thread1.child", &thread1.run(Child::fork));
    facts.saw_child("thread2.child", &thread2.run(Child::fork));
    facts.saw_child("main.child", &Child::fork());
    facts.saw_result("thread1.create_thread", &thread1.run(create_thread));
    facts.saw_result("thread2.create_thread", &thread2.run(create_thread));
    facts.saw_result("main.setns", &setns(&namespace, CloneFlags::CLONE_NEWPID));
    facts.saw_child("main.child2", &Child::fork());
    Ok(())
}
