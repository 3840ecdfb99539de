//! The disks that the host was asked for.

use std::fs;
use std::os::unix::fs::symlink;

use super::appearance::await_entry;

/// Where the kernel lists its disks.
const DISKS: &str = "/sys/block";
/// Where programs find them by their names.
const BY_NAME: &str = "/dev/disk/by-name";

/// Waits for the disks of these names, which they tell as their serial numbers, and links
/// them. The error says what is missing.
pub(crate) fn link(names: &[String]) -> Result<(), String> {
    let _ = fs::create_dir_all(BY_NAME);
    for name in names {
        let device = device_of(name)?;
        let link = format!("{BY_NAME}/{name}");
        // An earlier program had it, too.
        let _ = fs::remove_file(&link);
        symlink(&device, &link).map_err(|error| format!("{link}: {error}"))?;
    }
    Ok(())
}

/// The device of the disk of this name, once it is there.
pub(crate) fn device_of(name: &str) -> Result<String, String> {
    let is_it = |disk: &str| {
        let serial = fs::read_to_string(format!("{DISKS}/{disk}/serial"));
        serial.is_ok_and(|serial| serial.trim_end() == name)
    };
    let device = await_entry(DISKS, "virtio-blk", is_it)?;
    Ok(format!("/dev/{device}"))
}
