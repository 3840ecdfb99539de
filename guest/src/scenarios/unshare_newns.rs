use crate::probe::{CloneFlags, unshare};
use super::by_each_thread::by_each_thread;
use crate::{Claim, Facts, ProbeError, Scenario};

/// The first of all namespaces.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newns",
    summary: "unshare(CLONE_NEWNS) by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=ok main=ok thread=ok")
            .because("the thread that calls leaves the others' mounts, and with them their root \
                     and working directory"),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    by_each_thread(
        facts,
        || unshare(CloneFlags::CLONE_NEWNS),
        Facts::saw_result,
    )
}
