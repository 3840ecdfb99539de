use crate::scenarios::shared::*;

/// A timer comes back from a checkpoint with the number that it had.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_TIMER_CREATE_RESTORE_IDS): whether it is on, and what is neither on nor off",
    probe,
    &[
        Claim::since(3, 2)
            .shows("on=EINVAL unknown=EINVAL")
            .because("the numbers of timers only count up"),
        Claim::since(6, 15)
            .shows("on=0 unknown=EINVAL")
            .because("a process can choose the numbers of its timers")
            .commit(
                "ec2d0c04624b",
                "posix-timers: Provide a mechanism to allocate a given timer ID",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PR_TIMER_CREATE_RESTORE_IDS: libc::c_int = 77;
    const GET: libc::c_long = 2;
    match prctl(PR_TIMER_CREATE_RESTORE_IDS, [GET]) {
        Ok(on) => facts.saw("on", on),
        Err(errno) => facts.saw("on", format!("{errno:?}")),
    }
    let unknown = prctl(PR_TIMER_CREATE_RESTORE_IDS, [1000]);
    facts.saw_result("unknown", &unknown);
    Ok(())
}
