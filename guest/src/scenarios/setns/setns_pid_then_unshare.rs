use crate::scenarios::shared::*;

/// Joining and then making another one takes a fork in between.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a PID namespace, and unshare(CLONE_NEWPID)",
    probe,
    &[
        no_pid_to_join_yet(),
        Claim::since(3, 8)
            .shows("open=ok setns=ok unshare=EINVAL")
            .because(
                "copy_pid_ns() makes no namespace for a thread whose children go to another \
                 than its own already, be it by unshare(2) or by setns(2)",
            )
            .by(SETNS_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_setns(facts, |facts| {
        facts.saw_result("unshare", &unshare_newpid());
        Ok(())
    })
}
