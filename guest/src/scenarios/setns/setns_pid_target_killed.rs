use std::sync::Arc;

use crate::scenarios::shared::*;

/// What `docker exec` meets when the container ends: "cannot allocate memory".
pub(super) const SCENARIO: Scenario = Scenario::new(
    "one thread of two joins a PID namespace, whose init is then killed; both fork",
    probe,
    &[
        no_pid_to_join_yet(),
        Claim::since(3, 8)
            .shows("open=ok setns=ok thread1.child=fork:ENOMEM thread2.child=outer")
            .because(
                "a namespace whose init has died gives out no PIDs, and fork(2) has no \
                 better errno; the other thread's children do not go there",
            )
            .by(DEAD_NAMESPACE)
            .links(&[
                "https://github.com/moby/moby/issues/23342",
                "https://github.com/rstudio/rstudio/issues/4202",
            ]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let Some((init, namespace)) = another_pid_namespace(facts)? else {
        return Ok(());
    };
    let namespace = Arc::new(namespace);
    let thread1 = Worker::start()?;
    let thread2 = Worker::start()?;
    let joined = thread1.run(move || setns(&*namespace, CloneFlags::CLONE_NEWPID));
    facts.saw_result("setns", &joined);
    kill(init.pid(), Signal::SIGKILL)?;
    init.end()?;
    facts.saw_child("thread1.child", &thread1.run(Child::fork));
    facts.saw_child("thread2.child", &thread2.run(Child::fork));
    Ok(())
}
