use crate::scenarios::shared::*;

/// Every thread can have a separate UTS namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWUTS) by the only thread, the main one and another",
    probe,
    &[Claim::since(3, 2)
        .shows("single=ok main=ok thread=ok")
        .because("a thread can have a separate host name")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("uts", CloneFlags::CLONE_NEWUTS, "CONFIG_UTS_NS")?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWUTS))
}
