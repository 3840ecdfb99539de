use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Worker, create_thread, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str = "thread1.unshare=EINVAL thread1.init=outer \
                       thread1.child=outer thread1.again=outer \
                       thread1.vfork=ok thread1.vfork.child=outer \
                       thread1.create_thread=ok thread1.unshare_again=EINVAL \
                       thread2.child=outer main.child=outer";

/// One thread can be left without a place for children while the others have
/// theirs.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_init_ends_by_thread",
    summary: "thread 1 unshares CLONE_NEWPID and its first child ends; it, thread 2 and the \
              main thread go on",
    probe,
    claims: &[
        no_unshare_yet(REFUSED).observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(REFUSED)
            .because("a process with threads is refused, and nothing changes for any of them")
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
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
            .by(NO_IMPLIED_THREAD)
            .observed(versions![
                "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    let thread2 = Worker::start()?;
    let unshared = thread1.run(|| unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_result("thread1.unshare", &unshared);
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
