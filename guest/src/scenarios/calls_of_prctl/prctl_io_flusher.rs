use crate::scenarios::shared::*;

/// A process that a file system waits for must not wait for it in turn.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_SET_IO_FLUSHER) by root, and by an ordinary user",
    probe,
    &[
        Claim::since(3, 2)
            .shows("root=EINVAL user=EINVAL")
            .because("only the kernel's own threads can be such"),
        Claim::since(5, 6)
            .shows("root=ok user=EPERM")
            .because("CAP_SYS_RESOURCE allows to take memory without waiting for a disk")
            .commit(
                "8d19f1c8e193",
                "prctl: PR_{G,S}ET_IO_FLUSHER to support controlling memory reclaim",
            ),
    ],
)
.not_on_a_host("root of a user namespace may not take memory so");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PR_SET_IO_FLUSHER: libc::c_int = 57;
    facts.saw_result("root", &prctl(PR_SET_IO_FLUSHER, [1]));
    become_ordinary_user()?;
    facts.saw_result("user", &prctl(PR_SET_IO_FLUSHER, [1]));
    Ok(())
}
