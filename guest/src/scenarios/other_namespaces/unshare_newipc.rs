use crate::scenarios::shared::*;

/// Every thread can have a separate IPC namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWIPC) by the only thread, the main one and another",
    probe,
    &[Claim::since(3, 2)
        .shows("single=ok main=ok thread=ok")
        .because("a thread can have separate System V IPC objects")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("ipc", CloneFlags::CLONE_NEWIPC, "CONFIG_IPC_NS")?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWIPC))
}
