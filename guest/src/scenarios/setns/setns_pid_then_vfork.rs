use crate::scenarios::shared::*;

/// As after unshare(CLONE_NEWPID): vfork(2) was mistaken for a thread.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a PID namespace, a fork, and a vfork",
    probe,
    &[
        no_pid_to_join_yet(),
        Claim::since(3, 8)
            .shows("open=ok setns=ok child=2 vfork=EINVAL")
            .because(
                "to refuse threads, copy_process() refuses CLONE_VM to whose children go to \
                 another PID namespace",
            )
            .by(NO_THREADS_AFTER),
        Claim::since(3, 12)
            .shows("open=ok setns=ok child=2 vfork=ok vfork.child=3")
            .because("it refuses CLONE_SIGHAND instead, which vfork(2) does without")
            .by(VFORK_AFTER),
    ],
)
.vendors(&[EL7_SHARED_MEMORY.shows("open=ok setns=ok child=2 vfork=ok vfork.child=3")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_setns(facts, |facts| {
        let _child = Child::fork().inspect(|child| facts.saw("child", child.sees()))?;
        facts.saw_call("vfork", &Child::vfork());
        Ok(())
    })
}
