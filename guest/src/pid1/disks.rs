//! The disks that the host was asked for.

use std::fs;
use std::os::unix::fs::symlink;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where the kernel lists its disks.
const DISKS: &str = "/sys/block";
/// Where programs find them by their names.
const BY_NAME: &str = "/dev/disk/by-name";
/// How long a driver may take for them.
const APPEAR_WITHIN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// Waits for the disks of these names, which they tell as their serial numbers, and links
/// them. The error says what is missing.
pub(crate) fn link(names: &[String]) -> Result<(), String> {
    let _ = fs::create_dir_all(BY_NAME);
    let until = Instant::now() + APPEAR_WITHIN;
    for name in names {
        let device = loop {
            let found = fs::read_dir(DISKS).into_iter().flatten().flatten();
            let mut found = found.map(|entry| entry.file_name().to_string_lossy().into_owned());
            let is_it = |disk: &String| {
                let serial = fs::read_to_string(format!("{DISKS}/{disk}/serial"));
                serial.is_ok_and(|serial| serial.trim_end() == name)
            };
            match found.find(is_it) {
                Some(device) => break device,
                None if Instant::now() >= until => {
                    return Err("the kernel has no driver for virtio-blk".to_owned());
                }
                None => sleep(PAUSE),
            }
        };
        symlink(format!("/dev/{device}"), format!("{BY_NAME}/{name}"))
            .map_err(|error| format!("{BY_NAME}/{name}: {error}"))?;
    }
    Ok(())
}
