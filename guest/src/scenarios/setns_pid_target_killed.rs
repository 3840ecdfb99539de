use std::sync::Arc;

use super::another_namespace::another_pid_namespace;
use super::history::DEAD_NAMESPACE;
use crate::probe::{Child, CloneFlags, Signal, Worker, kill, require, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// What `docker exec` meets when the container ends: "cannot allocate memory".
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid_target_killed",
    summary: "one thread of two joins a PID namespace, whose init is then killed; both fork",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no pid yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("open=ok setns=ok thread1.child=fork:ENOMEM thread2.child=outer")
            .because(
                "a namespace whose init has died gives out no PIDs, and fork(2) has no \
                 better errno; the other thread's children do not go there",
            )
            .by(DEAD_NAMESPACE)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ])
            .links(&[
                "https://github.com/moby/moby/issues/23342",
                "https://github.com/rstudio/rstudio/issues/4202",
            ]),
    ],
};

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
