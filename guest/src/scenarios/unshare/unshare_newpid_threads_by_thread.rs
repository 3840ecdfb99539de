use crate::scenarios::shared::*;

const REFUSED: &str = "thread1.unshare=EINVAL thread1.create_thread=ok \
                       thread2.create_thread=ok main.create_thread=ok";

/// A thread is in the PID namespace of its process, always.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "thread 1 unshares CLONE_NEWPID; it, thread 2 and the main thread start threads",
    probe,
    &[
        no_unshare_yet(REFUSED),
        threads_are_refused(REFUSED),
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
            .links(&["https://github.com/golang/go/issues/19716"]),
    ],
)
.vendors(&[EL7_UNSHARE.shows(
    "thread1.unshare=ok thread1.create_thread=EINVAL thread2.create_thread=ok \
     main.create_thread=ok",
)]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let thread1 = Worker::start()?;
    let thread2 = Worker::start()?;
    facts.saw_result("thread1.unshare", &thread1.run(unshare_newpid));
    facts.saw_result("thread1.create_thread", &thread1.run(create_thread));
    facts.saw_result("thread2.create_thread", &thread2.run(create_thread));
    facts.saw_result("main.create_thread", &create_thread());
    Ok(())
}
