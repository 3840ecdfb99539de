//! Devices whose driver the kernel loads when they are opened (`devname:` in modules.alias).
//! On a distribution `kmod static-nodes` makes them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::sys::stat::{Mode, SFlag, makedev, mknod};

/// Path below `/dev`, mode, major and minor number (Documentation/admin-guide/devices.txt).
/// The modes are those of systemd's rules, 50-udev-default.rules.
const DEVICES: [(&str, u32, u64, u64); 11] = [
    ("autofs", 0o600, 10, 235),
    ("btrfs-control", 0o600, 10, 234),
    ("cuse", 0o600, 10, 203),
    ("fuse", 0o666, 10, 229),
    ("loop-control", 0o660, 10, 237),
    ("mapper/control", 0o600, 10, 236),
    ("net/tun", 0o666, 10, 200),
    ("ppp", 0o600, 108, 0),
    ("uinput", 0o600, 10, 223),
    ("vhost-net", 0o660, 10, 238),
    ("vhost-vsock", 0o660, 10, 241),
];

/// Makes them, where the kernel can load modules; else a program sees what the kernel has.
pub(crate) fn make() {
    if !fs::exists("/proc/modules").unwrap_or(false) {
        return;
    }
    for (name, mode, major, minor) in DEVICES {
        let path = Path::new("/dev").join(name);
        if let Some(directory) = path.parent() {
            let _ = fs::create_dir_all(directory);
        }
        // One that is built in has its device already, with the kernel's mode.
        let _ = mknod(&path, SFlag::S_IFCHR, Mode::empty(), makedev(major, minor));
        let _ = fs::set_permissions(&path, Permissions::from_mode(mode));
    }
}
