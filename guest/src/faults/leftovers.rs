//! The machine is left in another state than before.

use std::fs;
use std::process::exit;

use nix::mount::{MsFlags, mount};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_settime};

use super::{Fault, begin};
use crate::probe::require;

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "fault_hide_proc",
        "an empty file system is mounted over /proc, for all that follow",
        |facts| {
            begin(facts)?;
            let nothing = None::<&str>;
            mount(
                Some("tmpfs"),
                "/proc",
                Some("tmpfs"),
                MsFlags::empty(),
                nothing,
            )?;
            Ok(())
        },
    )
    .ends(&["BROKEN"]),
    // Later scenarios would get ENOSPC for their namespaces.
    Fault::new(
        "fault_limit_left_set",
        "the probe dies while user.max_pid_namespaces is 0",
        |facts| {
            begin(facts)?;
            require("pid")?;
            // Before 4.9 there is no such limit.
            let _ = fs::write("/proc/sys/user/max_pid_namespaces", "0");
            exit(1)
        },
    )
    .ends(&["DIED"]),
    // Deadlines use another clock.
    Fault::new(
        "fault_clock",
        "the clock is set to 2100, and to 2000",
        |facts| {
            begin(facts)?;
            for seconds in [4_102_444_800, 946_684_800] {
                clock_settime(ClockId::CLOCK_REALTIME, TimeSpec::new(seconds, 0))?;
            }
            Ok(())
        },
    ),
];
