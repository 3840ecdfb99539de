use crate::scenarios::shared::*;

/// Mount namespaces are the oldest kind.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWNS) by the only thread, the main one and another",
    probe,
    &[Claim::since(3, 2)
        .shows("single=ok main=ok thread=ok")
        .because(
            "the thread that calls leaves the others' mounts, and with them their root \
             and working directory",
        )],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWNS))
}
