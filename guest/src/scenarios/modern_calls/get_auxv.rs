use std::ffi::c_int;

use crate::scenarios::shared::*;

/// What the kernel told the program at its beginning, for a library that was not there.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_GET_AUXV): is it as /proc/self/auxv",
    probe,
    &[
        Claim::since(3, 2)
            .shows("prctl=EINVAL")
            .because("the auxiliary vector is on the stack, and in /proc"),
        Claim::since(6, 4)
            .shows("prctl=ok same=yes")
            .because("a library can have it without /proc")
            .commit(
                "ddc65971bb67",
                "prctl: add PR_GET_AUXV to copy auxv to userspace",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PR_GET_AUXV: c_int = 0x4155_5856;
    let mut found = [0_u8; 1024];
    let got = Errno::result(
        // SAFETY: there is room for what is found.
        unsafe { libc::prctl(PR_GET_AUXV, &raw mut found, found.len(), 0_u64, 0_u64) },
    );
    facts.saw_result("prctl", &got);
    if got.is_ok() {
        let known = std::fs::read("/proc/self/auxv")?;
        let same = found.starts_with(&known);
        facts.saw("same", if same { "yes" } else { "no" });
    }
    Ok(())
}
