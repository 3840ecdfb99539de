use crate::scenarios::shared::*;

/// execve(2) makes the calling thread the only one, with all that is its own.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "thread 1 unshares CLONE_NEWPID and executes a program, which forks and starts a \
     thread",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL pid=outer child=outer thread=ok"),
        Claim::since(3, 8)
            .as_before()
            .shows("unshare=EINVAL pid=outer child=outer thread=ok")
            .because("a process with threads is refused, and nothing changes for the program")
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows("unshare=ok pid=outer child=1 thread=EINVAL")
            .because(
                "the program keeps its PID and has its children in the new namespace; that it \
                 cannot start threads survives execve(2) as well",
            )
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows("unshare=ok pid=outer child=1 thread=EINVAL")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let (process, seen) = observe_program(|facts, report| {
        let Ok(thread1) = Worker::start() else { return };
        let unshared = thread1.run(|| unshare(CloneFlags::CLONE_NEWPID));
        facts.saw_result("unshare", &unshared);
        let executed = thread1.run(move || exec_program(&report));
        facts.saw_result("exec", &executed);
    })?;
    facts.saw_program(process, seen);
    Ok(())
}
