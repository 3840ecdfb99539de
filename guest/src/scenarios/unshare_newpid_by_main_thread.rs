use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Worker, create_thread, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str = "main.unshare=EINVAL main.child=outer thread1.child=outer \
                       made_by_thread1.child=outer main.second_child=outer \
                       main.create_thread=ok thread1.create_thread=ok";

/// The main thread is one among others.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_by_main_thread",
    summary: "the main thread unshares CLONE_NEWPID; it, thread 1 and a thread made by thread 1 \
              fork and start threads",
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
                "main.unshare=ok main.child=1 thread1.child=outer \
                 made_by_thread1.child=outer main.second_child=2 \
                 main.create_thread=EINVAL thread1.create_thread=ok",
            )
            .because("the namespace for children is that of the main thread alone")
            .by(NO_IMPLIED_THREAD)
            .observed(versions![
                "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    facts.saw_result("main.unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let made_by_thread1 = thread1.run(Worker::start)?;
    let children = [
        ("main.child", Child::fork()),
        ("thread1.child", thread1.run(Child::fork)),
        ("made_by_thread1.child", made_by_thread1.run(Child::fork)),
        ("main.second_child", Child::fork()),
    ];
    for (name, child) in &children {
        facts.saw_child(name, child);
    }
    facts.saw_result("main.create_thread", &create_thread());
    facts.saw_result("thread1.create_thread", &thread1.run(create_thread));
    for (_, child) in children.into_iter().rev() {
        child?.end()?;
    }
    Ok(())
}
