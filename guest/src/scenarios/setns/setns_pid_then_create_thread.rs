use crate::scenarios::shared::*;

/// What nsenter(1)-like programs meet that want threads before they fork.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a PID namespace, and pthread_create(3)",
    probe,
    &[
        no_pid_to_join_yet(),
        Claim::since(3, 8)
            .shows("open=ok setns=ok create_thread=EINVAL")
            .because("a new thread would be in another PID namespace than its process")
            .by(NO_THREADS_AFTER),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_setns(facts, |facts| {
        facts.saw_result("create_thread", &create_thread());
        Ok(())
    })
}
