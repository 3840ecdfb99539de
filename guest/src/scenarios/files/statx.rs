use crate::scenarios::shared::*;

/// The call that asks for what it wants to know.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "statx(2), with a bit reserved for the future, and with a flag that no kernel knows",
    probe,
    &[
        Claim::since(3, 2)
            .shows("plain=ENOSYS reserved=ENOSYS unknown=ENOSYS")
            .because("there is no statx(2)"),
        Claim::since(4, 11)
            .shows("plain=ok reserved=EINVAL unknown=EINVAL")
            .because("a file has more to tell than stat(2) has room for")
            .by(STATX)
            .links(&["https://github.com/util-linux/util-linux/issues/2409"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const RESERVED: u32 = 1 << 31;
    facts.saw_result("plain", &statx(c"/", 0, libc::STATX_BASIC_STATS));
    facts.saw_result("reserved", &statx(c"/", 0, RESERVED));
    facts.saw_result("unknown", &statx(c"/", 1 << 30, libc::STATX_BASIC_STATS));
    Ok(())
}
