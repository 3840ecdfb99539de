use crate::scenarios::shared::*;

/// A library learns how much memory to share with the kernel before it registers any.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "AT_RSEQ_FEATURE_SIZE and AT_RSEQ_ALIGN of the auxiliary vector, for rseq(2)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("size=absent align=absent")
            .because("rseq(2), where there is one, takes 32 bytes"),
        Claim::since(6, 3)
            .shows("size=28 align=32")
            .because("the kernel says how much it uses, as that grows")
            .commit(
                "317c8194e6ae",
                "rseq: Introduce feature size and alignment ELF auxiliary vector entries",
            ),
        Claim::since(7, 0)
            .shows("size=33 align=64")
            .because("a thread can ask for a longer time slice, in fields that are new")
            .commit(
                "d7a5da7a0f7f",
                "rseq: Add fields and constants for time slice extension",
            )
            .links(&["https://github.com/checkpoint-restore/criu/pull/3007"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const AT_RSEQ_FEATURE_SIZE: u64 = 27;
    const AT_RSEQ_ALIGN: u64 = 28;
    for (name, entry) in [("size", AT_RSEQ_FEATURE_SIZE), ("align", AT_RSEQ_ALIGN)] {
        // SAFETY: it reads what the kernel gave this program.
        match unsafe { libc::getauxval(entry) } {
            0 => facts.saw(name, "absent"),
            number => facts.saw(name, number),
        }
    }
    Ok(())
}
