use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{CloneFlags, Worker, create_thread, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str = "thread1.unshare=EINVAL thread1.create_thread=ok \
                       thread2.create_thread=ok main.create_thread=ok";

/// A thread is in the PID namespace of its process, always.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_threads_by_thread",
    summary: "thread 1 unshares CLONE_NEWPID; it, thread 2 and the main thread start threads",
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
                "thread1.unshare=ok thread1.create_thread=EINVAL \
                 thread2.create_thread=ok main.create_thread=ok",
            )
            .because(
                "whatever thread 1 makes would be in the new namespace, where no thread of this \
                 process can be; the others go on as before",
            )
            .by(NO_IMPLIED_THREAD)
            .observed(versions![
                "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "6.12.117", "7.3.4"
            ])
            .links(&["https://github.com/golang/go/issues/19716"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    let thread2 = Worker::start()?;
    let unshared = thread1.run(|| unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_result("thread1.unshare", &unshared);
    facts.saw_result("thread1.create_thread", &thread1.run(create_thread));
    facts.saw_result("thread2.create_thread", &thread2.run(create_thread));
    facts.saw_result("main.create_thread", &create_thread());
    Ok(())
}
