use super::history::{NO_IMPLIED_THREAD, PID_FOR_CHILDREN, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Namespaces, Worker, name_namespace, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Only the link of the right thread tells. `/proc/self/ns` is that of the main
/// thread.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "pid_for_children_by_thread",
    summary: "thread 1 unshares CLONE_NEWPID and forks; pid_for_children of it, of thread 2 and \
              of the main thread",
    probe,
    claims: &[
        no_unshare_yet("thread1.unshare=EINVAL thread1=ENOENT thread2=ENOENT main=ENOENT")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("thread1.unshare=EINVAL thread1=ENOENT thread2=ENOENT main=ENOENT")
            .because("a process with threads is refused, and there is no such link yet")
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows("thread1.unshare=ok thread1=ENOENT thread2=ENOENT main=ENOENT")
            .because("there is no such link yet")
            .by(NO_IMPLIED_THREAD)
            .observed(versions!["3.12", "3.13.11", "3.16", "4.4.155", "4.9.154"]),
        Claim::since(4, 12)
            .shows("thread1.unshare=ok thread1=new thread2=own main=own")
            .because("each thread has a link of its own, in /proc/PID/task/TID/ns")
            .by(PID_FOR_CHILDREN)
            .observed(versions!["4.19.78", "5.10.223", "6.1.176", "7.3.4"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let threads = [Worker::start()?, Worker::start()?];
    let unshared = threads[0].run(|| unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_result("thread1.unshare", &unshared);
    let child = threads[0].run(Child::fork)?;

    let own = Namespaces::own().identity("pid");
    let new = Namespaces::of(child.pid()).identity("pid");
    let name = |link| name_namespace(&link, &[("own", &own), ("new", &new)]);
    let link = || Namespaces::own().identity("pid_for_children");
    facts.saw("thread1", name(threads[0].run(link)));
    facts.saw("thread2", name(threads[1].run(link)));
    facts.saw("main", name(link()));
    child.end()?;
    Ok(())
}
