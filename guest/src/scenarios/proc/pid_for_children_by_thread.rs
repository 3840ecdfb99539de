use crate::scenarios::shared::*;

/// Only the link of the right thread tells. `/proc/self/ns` belongs to the main
/// thread.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "thread 1 unshares CLONE_NEWPID and forks; pid_for_children of it, of thread 2 and \
     of the main thread",
    probe,
    &[
        no_unshare_yet("thread1.unshare=EINVAL thread1=ENOENT thread2=ENOENT main=ENOENT"),
        Claim::since(3, 8)
            .as_before()
            .shows("thread1.unshare=EINVAL thread1=ENOENT thread2=ENOENT main=ENOENT")
            .because("a process with threads is refused, and there is no such link yet")
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows("thread1.unshare=ok thread1=ENOENT thread2=ENOENT main=ENOENT")
            .because("there is no such link yet")
            .by(NO_IMPLIED_THREAD),
        Claim::since(4, 12)
            .shows("thread1.unshare=ok thread1=new thread2=own main=own")
            .because("each thread has a link, in /proc/PID/task/TID/ns")
            .by(PID_FOR_CHILDREN),
    ],
)
.vendors(&[EL7_UNSHARE.shows("thread1.unshare=ok thread1=ENOENT thread2=ENOENT main=ENOENT")]);

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
