use crate::scenarios::shared::*;

/// What the kernel told a program at its start, without /proc.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_GET_AUXV), for its length only",
    probe,
    &[
        Claim::since(3, 2)
            .shows("auxv=EINVAL")
            .because("there are the stack and /proc/PID/auxv"),
        Claim::since(6, 4)
            .shows("auxv=ok")
            .because("a library can ask at any time")
            .commit(
                "ddc65971bb67",
                "prctl: add PR_GET_AUXV to copy auxv to userspace",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PR_GET_AUXV: libc::c_int = 0x4155_5856;
    facts.saw_result("auxv", &prctl(PR_GET_AUXV, []));
    Ok(())
}
