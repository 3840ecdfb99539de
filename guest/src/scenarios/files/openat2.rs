use crate::scenarios::shared::*;

/// An open(2) that refuses what it does not know.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "openat2(2), with a way to resolve that no kernel knows, and with more arguments, zero \
     and not",
    probe,
    &[
        Claim::since(3, 2)
            .shows("plain=ENOSYS unknown=ENOSYS zero=ENOSYS more=ENOSYS")
            .because("there is no openat2(2)"),
        Claim::since(5, 6)
            .shows("plain=ok unknown=EINVAL zero=ok more=E2BIG")
            .because("a caller may know more than the kernel, and is told if it matters")
            .by(OPENAT2)
            .links(&["https://github.com/containers/crun/issues/725"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw_result("plain", &openat2(c"/proc/version", &[0; 3]));
    facts.saw_result("unknown", &openat2(c"/proc/version", &[0, 0, 1 << 63]));
    facts.saw_result("zero", &openat2(c"/proc/version", &[0; 4]));
    facts.saw_result("more", &openat2(c"/proc/version", &[0, 0, 0, 1]));
    Ok(())
}
