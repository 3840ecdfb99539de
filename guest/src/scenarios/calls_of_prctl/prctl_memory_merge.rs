use std::path::Path;

use crate::scenarios::shared::*;

/// All memory of a process may be shared with others that has the same content.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_SET_MEMORY_MERGE)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("merge=EINVAL")
            .because("madvise(2) does it, range by range"),
        Claim::since(6, 4)
            .shows("merge=ok")
            .because("a process can have it for all its memory")
            .commit("d7597f59d1d3", "mm: add new api to enable ksm per process"),
    ],
)
.not_on_a_host("root of a user namespace may not do so");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    if !Path::new("/sys/kernel/mm/ksm").exists() {
        return Err(ProbeError::NotApplicable("CONFIG_KSM".to_owned()));
    }
    facts.saw_result("merge", &prctl(libc::PR_SET_MEMORY_MERGE, [1]));
    Ok(())
}
