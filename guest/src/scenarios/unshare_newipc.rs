use crate::probe::{CloneFlags, require_if_known, unshare};
use super::by_each_thread::by_each_thread;
use crate::{Claim, Facts, ProbeError, Scenario};

/// Every thread has an IPC namespace of its own, if it wants.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newipc",
    summary: "unshare(CLONE_NEWIPC) by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=ok main=ok thread=ok")
            .because("a thread can have System V IPC of its own"),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("ipc", CloneFlags::CLONE_NEWIPC, "CONFIG_IPC_NS")?;
    by_each_thread(
        facts,
        || unshare(CloneFlags::CLONE_NEWIPC),
        Facts::saw_result,
    )
}
