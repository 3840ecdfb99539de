use crate::scenarios::shared::*;

/// setns(2) moves the caller's children, as unshare(2) does, not the caller.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a PID namespace, and a fork",
    probe,
    &[
        no_pid_to_join_yet().links(&["https://github.com/jpetazzo/nsenter/issues/68"]),
        Claim::since(3, 8)
            .shows("open=ok setns=ok child=2")
            .because(
                "the caller's children go to the namespace, which has an init; the caller \
                 stays",
            )
            .by(SETNS_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_setns(facts, |facts| {
        facts.saw_child("child", &Child::fork());
        Ok(())
    })
}
