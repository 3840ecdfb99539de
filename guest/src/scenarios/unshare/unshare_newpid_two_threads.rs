use crate::scenarios::shared::*;

/// Two threads can make two namespaces.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "two threads unshare CLONE_NEWPID, and both fork",
    probe,
    &[
        no_unshare_yet(
            "thread1.unshare=EINVAL thread2.unshare=EINVAL thread1.child=outer \
             thread2.child=outer namespaces=ENOENT",
        ),
        Claim::since(3, 8)
            .shows(
                "thread1.unshare=EINVAL thread2.unshare=EINVAL thread1.child=outer \
                 thread2.child=outer namespaces=same",
            )
            .because("a process with threads is refused, and nothing changes for any of them")
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows(
                "thread1.unshare=ok thread2.unshare=ok thread1.child=1 \
                 thread2.child=1 namespaces=differ",
            )
            .because("each has a separate namespace for children, and a first child in it")
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows(
    "thread1.unshare=ok thread2.unshare=ok thread1.child=1 thread2.child=1 namespaces=differ",
)]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let threads = [Worker::start()?, Worker::start()?];
    for (n, thread) in (1..).zip(&threads) {
        let unshared = thread.run(|| unshare(CloneFlags::CLONE_NEWPID));
        facts.saw_result(format_args!("thread{n}.unshare"), &unshared);
    }
    let mut children = Vec::new();
    for (n, thread) in (1..).zip(&threads) {
        let child = thread.run(Child::fork);
        facts.saw_child(format_args!("thread{n}.child"), &child);
        children.push(child?);
    }
    let [first, second] = [0, 1].map(|i| Namespaces::of(children[i].pid()).identity("pid"));
    match (first, second) {
        (Ok(first), Ok(second)) if first == second => facts.saw("namespaces", "same"),
        (Ok(_), Ok(_)) => facts.saw("namespaces", "differ"),
        (first, _) => facts.saw_result("namespaces", &first),
    }
    for child in children {
        child.end()?;
    }
    Ok(())
}
