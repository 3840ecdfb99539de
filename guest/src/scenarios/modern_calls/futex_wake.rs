use std::ffi::c_long;

use crate::scenarios::shared::*;

/// What futex(2) does, in a call for each.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "futex_wake(2) where no thread waits, and of a number of a size that it cannot have",
    probe,
    &[
        Claim::since(3, 2)
            .shows("wake=ENOSYS size=ENOSYS")
            .because("futex(2) does everything"),
        Claim::since(6, 7)
            .shows("wake=0 size=EINVAL")
            .because("the new calls say how large the number is, and on which node it lies")
            .commit("9f6c532f59b2", "futex: Add sys_futex_wake()"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const SYS_FUTEX_WAKE: c_long = 454;
    const FUTEX_32: c_long = 2;
    const FUTEX_64: c_long = 3;
    let number = [0_u32; 2];
    let wake = |flags| {
        // SAFETY: the number is there, and no thread waits.
        unsafe { call(SYS_FUTEX_WAKE, [address(&number), 1, 1, flags]) }
    };
    facts.saw_count("wake", wake(FUTEX_32));
    facts.saw_count("size", wake(FUTEX_64));
    Ok(())
}
