use crate::arch::AARCH64;
use crate::scenarios::shared::*;

/// A program that runs another system's programs catches their system calls.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_SET_SYSCALL_USER_DISPATCH) that switches it off, and that does neither",
    probe,
    &[
        Claim::since(3, 2)
            .shows("off=EINVAL unknown=EINVAL")
            .because("only a tracer or a filter catches system calls"),
        Claim::since(5, 11)
            .shows("off=ok unknown=EINVAL")
            .because("a thread can have a signal instead of its system calls")
            .commit(
                "1446e1df9eb1",
                "kernel: Implement selective syscall userspace redirection",
            ),
    ],
)
.elsewhere(
    &AARCH64,
    &[Claim::since(3, 2)
        .shows("off=EINVAL unknown=EINVAL")
        .because("it takes the generic entry of system calls, and arm64 has its own")],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PR_SET_SYSCALL_USER_DISPATCH: libc::c_int = 59;
    for (name, mode) in [("off", 0), ("unknown", 1000)] {
        facts.saw_result(name, &prctl(PR_SET_SYSCALL_USER_DISPATCH, [mode]));
    }
    Ok(())
}
