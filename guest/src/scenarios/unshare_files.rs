use crate::probe::{CloneFlags, unshare};
use super::by_each_thread::by_each_thread;
use crate::{Claim, Facts, ProbeError, Scenario};

/// So are the file descriptors.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_files",
    summary: "unshare(CLONE_FILES) by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=ok main=ok thread=ok")
            .because("the thread that calls gets a copy of its own"),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    by_each_thread(
        facts,
        || unshare(CloneFlags::CLONE_FILES),
        Facts::saw_result,
    )
}
