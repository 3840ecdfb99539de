use crate::scenarios::shared::*;

/// Threads do not matter, since an IPC namespace is a thread's own.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to an IPC namespace by the only thread, the main one and another",
    probe,
    &[Claim::since(3, 2)
        .shows("open=ok single=ok main=ok thread=ok")
        .because("it is the calling thread that joins")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("ipc", CloneFlags::CLONE_NEWIPC, "CONFIG_IPC_NS")?;
    setns_by_each_thread(facts, "ipc", CloneFlags::CLONE_NEWIPC)
}
