use crate::scenarios::shared::*;

/// A file without a name, in memory.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "memfd_create(2) without flags, and with a flag that no kernel knows",
    probe,
    &[
        Claim::since(3, 2)
            .shows("plain=ENOSYS unknown=ENOSYS")
            .because("there is no memfd_create(2)"),
        Claim::since(3, 17)
            .shows("plain=ok unknown=EINVAL")
            .because("a file in memory needs no file system that is mounted")
            .by(MEMFD_CREATE),
    ],
)
.vendors(&[EL7
    .shows("plain=ok unknown=EINVAL")
    .because("the call of 3.17 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw_result("plain", &memfd_create(0));
    facts.saw_result("unknown", &memfd_create(1 << 10));
    Ok(())
}
