//! What is mounted, and for whom.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::unix::fs::symlink;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount, umount};

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
    mount_cgroups();
    for (name, target) in [
        ("fd", ""),
        ("stdin", "/0"),
        ("stdout", "/1"),
        ("stderr", "/2"),
    ] {
        let _ = symlink(format!("/proc/self/fd{target}"), format!("/dev/{name}"));
    }
}

/// Mounts the unified hierarchy, or those of the first version where the kernel's second
/// one is missing or has no controller of processors and memory.
fn mount_cgroups() {
    const CGROUPS: &str = "/sys/fs/cgroup";
    if mount_one("cgroup2", CGROUPS).is_ok() {
        let controllers = fs::read_to_string("/sys/fs/cgroup/cgroup.controllers");
        let controllers = controllers.unwrap_or_default();
        let has = |name| controllers.split_whitespace().any(|found| found == name);
        if has("cpu") && has("memory") {
            return;
        }
        let _ = umount(CGROUPS);
    }
    let table = fs::read_to_string("/proc/cgroups").unwrap_or_default();
    // Each line has a name, a hierarchy, a number of groups, and whether it is on.
    let lines = table.lines().filter(|line| line.ends_with("\t1"));
    let names: Vec<&str> = lines.filter_map(|line| line.split('\t').next()).collect();
    if names.is_empty() || mount_one("tmpfs", CGROUPS).is_err() {
        return;
    }
    for name in names {
        let target = format!("{CGROUPS}/{name}");
        let _ = fs::create_dir(&target);
        let none = MsFlags::empty();
        let _ = mount(Some("cgroup"), &*target, Some("cgroup"), none, Some(name));
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
