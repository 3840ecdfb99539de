use crate::probe::{CloneFlags, require_if_known, unshare};
use super::by_each_thread::by_each_thread;
use crate::{Claim, Facts, ProbeError, Scenario};

/// Every thread has a UTS namespace of its own, if it wants.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newuts",
    summary: "unshare(CLONE_NEWUTS) by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=ok main=ok thread=ok")
            .because("a thread can have a host name of its own"),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("uts", CloneFlags::CLONE_NEWUTS, "CONFIG_UTS_NS")?;
    by_each_thread(
        facts,
        || unshare(CloneFlags::CLONE_NEWUTS),
        Facts::saw_result,
    )
}
