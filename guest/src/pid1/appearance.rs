//! Devices that the host attaches while the machine runs: they appear once their drivers
//! are loaded.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a driver may take for its device.
const APPEARS_WITHIN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// Waits for the first entry of a directory of devices that is the wanted one. The error
/// names the driver that is missing.
pub(super) fn await_entry(
    directory: &str,
    driver: &str,
    is_it: impl Fn(&str) -> bool,
) -> Result<String, String> {
    let until = Instant::now() + APPEARS_WITHIN;
    loop {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        match names.find(|name| is_it(name)) {
            Some(name) => return Ok(name),
            None if Instant::now() >= until => {
                return Err(format!("the kernel has no driver for {driver}"));
            }
            None => sleep(PAUSE),
        }
    }
}
