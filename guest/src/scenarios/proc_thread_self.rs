use std::fs;

use crate::probe::{Worker, getpid, gettid};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// `/proc/self` is the process, not the thread; what is a thread's own has to
/// be looked for elsewhere.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "proc_thread_self",
    summary: "/proc/thread-self, read by the main thread and by another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("main=ENOENT thread=ENOENT")
            .because("it does not exist yet: a thread finds itself in /proc/self/task/TID")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16"
            ]),
        Claim::since(3, 17)
            .shows("main=PID/task/PID thread=PID/task/TID")
            .because("it leads to the directory of the calling thread")
            .commit(
                "0097875bd415",
                "proc: Implement /proc/thread-self to point at the directory of the current thread",
            )
            .observed(versions![
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw("main", thread_self());
    facts.saw("thread", Worker::start()?.run(thread_self));
    Ok(())
}

fn thread_self() -> String {
    let Ok(link) = fs::read_link("/proc/thread-self") else {
        return "ENOENT".to_owned();
    };
    let name = |id: &str| {
        if id == getpid().to_string() {
            "PID".to_owned()
        } else if id == gettid().to_string() {
            "TID".to_owned()
        } else {
            id.to_owned()
        }
    };
    let link = link.to_string_lossy();
    link.split('/').map(name).collect::<Vec<_>>().join("/")
}
