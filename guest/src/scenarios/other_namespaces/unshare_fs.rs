use crate::scenarios::shared::*;

/// A thread can have a private root and working directory.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_FS) by the only thread, the main one and another",
    probe,
    &[Claim::since(3, 2)
        .shows("single=ok main=ok thread=ok")
        .because("the calling thread gets a private copy")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_FS))
}
