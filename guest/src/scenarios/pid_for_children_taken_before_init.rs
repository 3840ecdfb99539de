use super::history::{
    NO_IMPLIED_THREAD, OPEN_EARLY, PID_FOR_CHILDREN, UNSHARE_PID, no_unshare_yet,
};
use crate::probe::{Child, CloneFlags, Namespaces, Worker, require, setns, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Who forks first makes the init, and from 7.1 on that need not be who
/// unshared.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "pid_for_children_taken_before_init",
    summary: "thread 1 unshares CLONE_NEWPID and opens its pid_for_children; the main thread \
              enters that by setns() and forks, then thread 1 forks",
    probe,
    claims: &[
        no_unshare_yet(
            "thread1.unshare=EINVAL thread1.open=ENOENT main.child=outer thread1.child=outer",
        )
        .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(
                "thread1.unshare=EINVAL thread1.open=ENOENT main.child=outer thread1.child=outer",
            )
            .because("a process with threads is refused, and there is no such link yet")
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows("thread1.unshare=ok thread1.open=ENOENT main.child=outer thread1.child=1")
            .because("there is no such link yet")
            .by(NO_IMPLIED_THREAD)
            .observed(versions!["3.12", "3.13.11", "3.16", "4.4.155", "4.9.154"]),
        Claim::since(4, 12)
            .shows("thread1.unshare=ok thread1.open=ENOENT main.child=outer thread1.child=1")
            .because("the link leads nowhere while the namespace has no init yet")
            .by(PID_FOR_CHILDREN)
            .observed(versions!["4.19.78", "5.10.223", "6.1.176", "7.0.13"]),
        Claim::since(7, 1)
            .shows("thread1.unshare=ok thread1.open=ok main.setns=ok main.child=1 thread1.child=2")
            .because("the namespace needs no init any more, and takes it from whoever forks first")
            .by(OPEN_EARLY)
            .observed(versions!["7.1.13", "7.2.12", "7.3.4"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    let unshared = thread1.run(|| unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_result("thread1.unshare", &unshared);
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
