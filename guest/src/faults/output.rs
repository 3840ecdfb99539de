//! What else is said on the console beside the report.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::mem;
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::termios::tcdrain;

use super::hang::console;
use super::{Fault, begin};
use crate::probe::Background;
use crate::{Facts, ProbeError};

/// What a terminal would obey: its title, its screen, its colours, a question to
/// which it types the answer, and the same in C1 controls.
pub(super) const ESCAPES: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred\u{1b}[6n\u{9b}2J\u{9d}0;owned\u{9c}\u{202e}";

/// It goes on while the probe ends and its end is reported.
pub(super) const KERNEL_LOG: Fault = Fault::new(
    "fault_flood_kernel_log",
    "the kernel log is flooded, until PID 1 kills who does it",
    flood,
);

/// NUL, bytes that are no UTF-8, and marks that belong to no frame.
pub(super) const BINARY: Fault = Fault::new(
    "fault_binary_console",
    "every byte is written to the console, in many an order",
    |facts| {
        begin(facts)?;
        let mut console = console()?;
        for step in (1..=u8::MAX).step_by(2) {
            // An odd step comes to each of the 256.
            let bytes: Vec<u8> = (0..=u8::MAX).map(|byte| byte.wrapping_mul(step)).collect();
            console.write_all(&bytes)?;
        }
        tcdrain(console)?;
        Ok(())
    },
);

pub(super) const HUNDRED_MEGABYTES: Fault = Fault::new(
    "fault_hundred_megabytes",
    "100 MB are written to the console",
    |facts| {
        begin(facts)?;
        let mut console = console()?;
        let line = [&[b'.'; 998][..], b"\r\n"].concat().repeat(10);
        for _ in 0..10_000 {
            console.write_all(&line)?;
        }
        tcdrain(console)?;
        Ok(())
    },
);

pub(super) const ESCAPES_ON_CONSOLE: Fault = Fault::new(
    "fault_escapes_on_console",
    "escape sequences are written to the console, and the probe dies",
    |facts| {
        begin(facts)?;
        let mut console = console()?;
        writeln!(console, "{ESCAPES}\r")?;
        tcdrain(console)?;
        exit(1)
    },
)
.ends(&["DIED"]);

pub(super) const ESCAPES_IN_FACTS: Fault = Fault::new(
    "fault_escapes_in_facts",
    "a fact's name and value are escape sequences",
    |facts| {
        begin(facts)?;
        facts.saw(ESCAPES, ESCAPES);
        Ok(())
    },
)
.ends(&["FAIL"]);

pub(super) const ESCAPES_IN_A_PANIC: Fault = Fault::new(
    "fault_escapes_in_a_panic",
    "what looks like a panic has escape sequences, and the machine restarts",
    |facts| {
        begin(facts)?;
        let mut console = console()?;
        writeln!(console, "Kernel panic - not syncing: {ESCAPES}\r")?;
        tcdrain(console)?;
        let Err(errno) = reboot(RebootMode::RB_AUTOBOOT);
        Err(errno.into())
    },
)
.ends(&["PANICKED"]);

fn flood(facts: &mut Facts) -> Result<(), ProbeError> {
    begin(facts)?;
    // Since 4.8 the kernel holds back whoever writes much, if it is not told.
    let _ = fs::write("/proc/sys/kernel/printk_devkmsg", "on");
    let mut log = OpenOptions::new().write(true).open("/dev/kmsg")?;
    let flood = Background::start(move || {
        // The highest priority is shown on every console.
        let _ = log.write_all(b"<0>the kernel log is flooded\n");
    })?;
    mem::forget(flood);
    sleep(Duration::from_millis(500));
    Ok(())
}
