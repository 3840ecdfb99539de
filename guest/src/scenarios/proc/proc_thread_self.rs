use std::fs;

use crate::scenarios::shared::*;

/// `/proc/self` is the process, not the thread; what is a thread's own has to
/// be looked for elsewhere.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "/proc/thread-self, read by the main thread and by another",
    probe,
    &[
        Claim::since(3, 2)
            .shows("main=ENOENT thread=ENOENT")
            .because("it does not exist yet: a thread finds itself in /proc/self/task/TID"),
        Claim::since(3, 17)
            .shows("main=PID/task/PID thread=PID/task/TID")
            .because("it leads to the directory of the calling thread")
            .commit(
                "0097875bd415",
                "proc: Implement /proc/thread-self to point at the directory of the current thread",
            ),
    ],
);

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
