use std::ffi::c_long;

use crate::scenarios::shared::*;

/// What there is to know of how a process is scheduled, in one structure that grows.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "sched_getattr(2) of the caller, with room enough, and with too little",
    probe,
    &[
        Claim::since(3, 2)
            .shows("enough=ENOSYS little=ENOSYS")
            .because("there is a call for the policy, one for the priority and one for nice(2)"),
        Claim::since(3, 14)
            .shows("enough=ok little=EINVAL")
            .because("deadlines need more than these have room for")
            .commit(
                "d50dde5a10f3",
                "sched: Add new scheduler syscalls to support an extended scheduling parameters ABI",
            ),
    ],
)
.vendors(&[EL7.shows("enough=ok little=EINVAL").because("the call of 3.14 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let mut found = [0_u8; 128];
    let mut ask = |room: c_long| {
        // SAFETY: there is room for what is found.
        unsafe {
            call(
                libc::SYS_sched_getattr,
                [0, address_mut(&mut found), room, 0],
            )
        }
    };
    facts.saw_result("enough", &ask(128));
    facts.saw_result("little", &ask(16));
    Ok(())
}
