//! What scenarios need to be mounted.

use std::fs;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

/// Mounts `/proc`, `/sys`, `/dev` and `/tmp`.
///
/// Only `/proc` must be had. The initramfs holds the few device nodes that are
/// needed where a kernel has no devtmpfs.
pub(crate) fn mount_all() -> Result<(), String> {
    mount_one("proc", "/proc").map_err(|errno| format!("mounting /proc: {errno}"))?;
    for (kind, target) in [("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/tmp")] {
        let _ = mount_one(kind, target);
    }
    Ok(())
}

fn mount_one(kind: &str, target: &str) -> Result<(), Errno> {
    let _ = fs::create_dir(target);
    mount(
        Some(kind),
        target,
        Some(kind),
        MsFlags::empty(),
        None::<&str>,
    )
}
