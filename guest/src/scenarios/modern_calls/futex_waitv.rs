use crate::scenarios::shared::*;

/// Waiting for any of several, as Windows can.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "futex_waitv(2) for a number that has changed already, and for none",
    probe,
    &[
        Claim::since(3, 2)
            .shows("changed=ENOSYS none=ENOSYS")
            .because("a thread waits for one number at a time"),
        Claim::since(5, 16)
            .shows("changed=EAGAIN none=EINVAL")
            .because("a thread waits for up to 128")
            .commit("bf69bad38cf6", "futex: Implement sys_futex_waitv()"),
    ],
);

/// `struct futex_waitv`.
#[repr(C)]
struct Waiter {
    expected: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const FUTEX_32: u32 = 2;
    let number = 1_u32;
    let waiters = [Waiter {
        expected: 0,
        address: address(&number) as u64,
        flags: FUTEX_32,
        reserved: 0,
    }];
    let wait = |count| {
        // SAFETY: there is one waiter, and no timeout.
        unsafe { call(libc::SYS_futex_waitv, [address(&waiters), count, 0, 0, 0]) }
    };
    facts.saw_result("changed", &wait(1));
    facts.saw_result("none", &wait(0));
    Ok(())
}
