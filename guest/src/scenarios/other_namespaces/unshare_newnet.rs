use crate::scenarios::shared::*;

/// What Go programs that lock their goroutine to a thread rely on.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWNET) by the only thread, the main one and another",
    probe,
    &[Claim::since(3, 2)
        .shows("single=ok main=ok thread=ok")
        .because("a thread can have a separate network")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("net", CloneFlags::CLONE_NEWNET, "CONFIG_NET_NS")?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWNET))
}
