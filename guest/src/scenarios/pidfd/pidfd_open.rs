use crate::scenarios::shared::*;

/// A descriptor of a process that is there already.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pidfd_open(2)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)"),
        Claim::since(5, 3)
            .shows("pidfd_open=ok")
            .because("any process can be had as a descriptor, not only one's new child")
            .by(PIDFD_OPEN),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw_result("pidfd_open", &pidfd_open(getpid()));
    Ok(())
}
