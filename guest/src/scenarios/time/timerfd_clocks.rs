use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};

use crate::scenarios::shared::*;

/// By which clocks a timer can go that is a descriptor.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "timerfd_create(2) with CLOCK_MONOTONIC, CLOCK_BOOTTIME and CLOCK_BOOTTIME_ALARM",
    probe,
    &[
        Claim::since(3, 2)
            .shows("monotonic=ok boottime=EINVAL alarm=EINVAL")
            .because("a timer goes by CLOCK_REALTIME or CLOCK_MONOTONIC"),
        Claim::since(3, 11)
            .shows("monotonic=ok boottime=EINVAL alarm=ok")
            .because("a timer can wake the machine")
            .commit("11ffa9d6065f", "timerfd: Add alarm timers"),
        Claim::since(3, 15)
            .shows("monotonic=ok boottime=ok alarm=ok")
            .because("a timer can count the time in which the machine sleeps")
            .commit("4a2378a943f0", "timerfd: support CLOCK_BOOTTIME clock"),
    ],
)
.not_on_a_host("root of a user namespace may not wake the machine");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    for (name, clock) in [
        ("monotonic", ClockId::CLOCK_MONOTONIC),
        ("boottime", ClockId::CLOCK_BOOTTIME),
        ("alarm", ClockId::CLOCK_BOOTTIME_ALARM),
    ] {
        facts.saw_result(name, &TimerFd::new(clock, TimerFlags::empty()));
    }
    Ok(())
}
