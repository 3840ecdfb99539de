//! What is mounted, and for whom.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::unix::fs::symlink;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use super::cgroups;

/// Mounts `/proc`, `/sys` and `/dev`.
///
/// Only `/proc` must be had. The initramfs holds the few device nodes that are
/// needed where a kernel has no devtmpfs.
pub(crate) fn mount_basic() -> Result<(), String> {
    mount_one("proc", "/proc").map_err(|errno| format!("mounting /proc: {errno}"))?;
    for (kind, target) in [("sysfs", "/sys"), ("devtmpfs", "/dev")] {
        let _ = mount_one(kind, target);
    }
    Ok(())
}

/// Gives scenarios a `/tmp` on a separate file system.
pub(crate) fn mount_for_scenarios() {
    let _ = mount_one("tmpfs", "/tmp");
}

/// Mounts what programs look for in `/dev`. `/tmp` stays as it is: there may be
/// something in it that came along.
pub(crate) fn mount_for_programs() {
    for (kind, target) in [
        ("devpts", "/dev/pts"),
        ("mqueue", "/dev/mqueue"),
        ("bpf", "/sys/fs/bpf"),
        ("debugfs", "/sys/kernel/debug"),
        ("securityfs", "/sys/kernel/security"),
        ("tracefs", "/sys/kernel/tracing"),
    ] {
        let _ = mount_one(kind, target);
    }
    let _ = fs::create_dir("/dev/shm");
    cgroups::mount_usual();
    for (name, target) in [
        ("fd", ""),
        ("stdin", "/0"),
        ("stdout", "/1"),
        ("stderr", "/2"),
    ] {
        let _ = symlink(format!("/proc/self/fd{target}"), format!("/dev/{name}"));
    }
}

/// The mounts, as they were at some time. Scenarios are to leave them so: they
/// look for what they need in `/proc`.
pub(crate) struct Mounts {
    /// Readable even where `/proc` has been mounted over.
    table: File,
    before: String,
}

impl Mounts {
    pub(crate) fn as_they_are() -> io::Result<Self> {
        let mut table = File::open("/proc/self/mountinfo")?;
        let before = io::read_to_string(&table)?;
        table.rewind()?;
        Ok(Self { table, before })
    }

    /// Whether they differ now.
    pub(crate) fn have_changed(&mut self) -> bool {
        let mut now = String::new();
        let read = self.table.read_to_string(&mut now);
        let read = read.and_then(|_| self.table.rewind());
        read.is_err() || now != self.before
    }
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
