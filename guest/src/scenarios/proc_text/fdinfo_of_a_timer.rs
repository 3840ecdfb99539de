use std::fs;
use std::os::fd::{AsFd, AsRawFd};

use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};

use crate::scenarios::shared::*;

/// How a timer is set that another process has.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the line clockid of the fdinfo of a timer",
    probe,
    &[
        Claim::since(3, 2)
            .shows("clockid=absent")
            .because("a timer is like any descriptor"),
        Claim::since(3, 17)
            .shows("clockid=present")
            .because("a checkpoint needs to know how the timer is set")
            .commit("af9c4957cf21", "timerfd: Implement show_fdinfo method"),
    ],
)
.vendors(&[EL7
    .shows("clockid=present")
    .because("the line of 3.17 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::empty())?;
    let fd = timer.as_fd().as_raw_fd();
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{fd}"))?;
    let is_there = text.lines().any(|line| line.starts_with("clockid:"));
    facts.saw("clockid", if is_there { "present" } else { "absent" });
    Ok(())
}
