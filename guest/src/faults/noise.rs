//! What else is said on the console beside the report.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::mem;
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::termios::tcdrain;

use super::hang::console;
use super::{Fault, begin};
use crate::claims::{Facts, ProbeError};
use crate::probe::Background;

/// What a terminal would obey: its title, its screen, its colours, a question to
/// which it types the answer, and the same in C1 controls.
pub(super) const ESCAPES: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred\u{1b}[6n\u{9b}2J\u{9d}0;owned\u{9c}\u{202e}";

pub(super) const FAULTS: &[Fault] = &[
    // It goes on while the probe ends and its end is reported.
    Fault::new(
        "fault_flood_kernel_log",
        "the kernel log is flooded, until PID 1 kills the writer",
        flood,
    ),
    // NUL, bytes that are no UTF-8, and marks that belong to no frame.
    Fault::new(
        "fault_binary_console",
        "every byte is written to the console, in many an order",
        |facts| {
            on_console(facts, |console| {
                for step in (1..=u8::MAX).step_by(2) {
                    // An odd step comes to each of the 256.
                    let bytes = (0..=u8::MAX).map(|byte| byte.wrapping_mul(step));
                    console.write_all(&bytes.collect::<Vec<u8>>())?;
                }
                Ok(())
            })
        },
    ),
    Fault::new(
        "fault_hundred_megabytes",
        "100 MB are written to the console",
        |facts| {
            let line = [&[b'.'; 998][..], b"\r\n"].concat().repeat(10);
            on_console(facts, |console| {
                (0..10_000).try_for_each(|_| console.write_all(&line))
            })
        },
    ),
    Fault::new(
        "fault_escapes_on_console",
        "escape sequences are written to the console, and the probe dies",
        |facts| {
            on_console(facts, |console| writeln!(console, "{ESCAPES}\r"))?;
            exit(1)
        },
    )
    .ends(&["DIED"]),
    Fault::new(
        "fault_escapes_in_facts",
        "a fact's name and value are escape sequences",
        |facts| {
            begin(facts)?;
            facts.saw(ESCAPES, ESCAPES);
            Ok(())
        },
    )
    .ends(&["FAIL"]),
    Fault::new(
        "fault_escapes_in_a_panic",
        "what looks like a panic has escape sequences, and the machine restarts",
        |facts| {
            let words = "Kernel panic - not syncing";
            on_console(facts, |console| writeln!(console, "{words}: {ESCAPES}\r"))?;
            let Err(errno) = reboot(RebootMode::RB_AUTOBOOT);
            Err(errno.into())
        },
    )
    .ends(&["PANICKED"]),
];

/// Begins, and writes to the console until all of that has left.
fn on_console(
    facts: &mut Facts,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), ProbeError> {
    begin(facts)?;
    let mut console = console()?;
    write(&mut console)?;
    tcdrain(console)?;
    Ok(())
}

fn flood(facts: &mut Facts) -> Result<(), ProbeError> {
    begin(facts)?;
    // Since 4.8 the kernel limits how much is written, unless told otherwise.
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
