use crate::probe::{CloneFlags, require_if_known, unshare};
use super::by_each_thread::by_each_thread;
use crate::{Claim, Facts, ProbeError, Scenario};

/// What Go programs that lock their goroutine to a thread rely on.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newnet",
    summary: "unshare(CLONE_NEWNET) by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=ok main=ok thread=ok")
            .because("a thread can have a network of its own"),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("net", CloneFlags::CLONE_NEWNET, "CONFIG_NET_NS")?;
    by_each_thread(
        facts,
        || unshare(CloneFlags::CLONE_NEWNET),
        Facts::saw_result,
    )
}
