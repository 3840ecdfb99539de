//! Control groups, as programs find them.

use std::fs;
use std::os::unix::fs::symlink;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, TMPFS_MAGIC, statfs};

use crate::protocol::CgroupMode;

/// Where they are mounted.
const CGROUPS: &str = "/sys/fs/cgroup";
/// Without these controllers the unified hierarchy is of little use.
const CHIEF: [&str; 2] = ["cpu", "memory"];
/// Options of the second version, as systemd has them.
const SECOND_OPTIONS: [Option<&str>; 2] =
    [Some("nsdelegate,memory_recursiveprot"), Some("nsdelegate")];
/// Controllers of the first version that are mounted together, as systemd does.
const TOGETHER: [[&str; 2]; 2] = [["cpu", "cpuacct"], ["net_cls", "net_prio"]];

/// Mounts the unified hierarchy, or those of the first version where the kernel's second
/// one is missing or has no controller of processors and memory.
pub(crate) fn mount_usual() {
    let found = mount_second(CGROUPS).map(|()| second_controllers());
    if !found.is_ok_and(|found| CHIEF.iter().all(|chief| found.iter().any(|it| it == chief))) {
        unmount();
        if mount_first().is_ok_and(|mounted| mounted.is_empty()) {
            unmount();
        }
    }
}

/// Mounts them as a program asks for. The error says what the kernel lacks.
pub(crate) fn mount_as(mode: CgroupMode) -> Result<(), String> {
    if mode == mounted() {
        return Ok(());
    }
    unmount();
    if mode == CgroupMode::None {
        return Ok(());
    }
    // Mounted first: what the second version has tells what the first one should have.
    let second = mount_second(CGROUPS);
    let no_second = |errno| format!("the kernel has no control groups of version 2: {errno}");
    if mode == CgroupMode::V2 {
        return second.map_err(no_second);
    }
    let controllers = second.map_or_else(|_| Vec::new(), |()| second_controllers());
    unmount();
    let mounted = mount_first().map_err(|errno| format!("{CGROUPS}: {errno}"))?;
    if mounted.is_empty() {
        unmount();
        return Err("the kernel has no control groups of version 1".to_owned());
    }
    let is_lost = |chief: &&&str| {
        let is_mounted = mounted.iter().any(|name| name == **chief);
        controllers.iter().any(|name| name == **chief) && !is_mounted
    };
    if let Some(lost) = CHIEF.iter().find(is_lost) {
        return Err(format!(
            "the kernel has the controller {lost} in version 2 only"
        ));
    }
    if mode == CgroupMode::Hybrid {
        mount_second(&format!("{CGROUPS}/unified")).map_err(no_second)?;
    }
    Ok(())
}

/// How they are mounted.
fn mounted() -> CgroupMode {
    match statfs(CGROUPS).map(|found| found.filesystem_type()) {
        Ok(CGROUP2_SUPER_MAGIC) => CgroupMode::V2,
        Ok(TMPFS_MAGIC) if fs::exists(format!("{CGROUPS}/unified")).unwrap_or(false) => {
            CgroupMode::Hybrid
        }
        Ok(TMPFS_MAGIC) => CgroupMode::V1,
        _ => CgroupMode::None,
    }
}

/// Unmounts all of them.
fn unmount() {
    while umount2(CGROUPS, MntFlags::MNT_DETACH).is_ok() {}
}

/// The controllers of the unified hierarchy.
fn second_controllers() -> Vec<String> {
    let controllers = fs::read_to_string(format!("{CGROUPS}/cgroup.controllers"));
    let controllers = controllers.unwrap_or_default();
    controllers.split_whitespace().map(str::to_owned).collect()
}

fn mount_second(target: &str) -> Result<(), Errno> {
    // What older kernels do not know is left out.
    let mut known = SECOND_OPTIONS.into_iter();
    let mounted = known.find_map(|options| mount_one("cgroup2", target, options).ok());
    mounted.map_or_else(|| mount_one("cgroup2", target, None), Ok)
}

/// Mounts a hierarchy for each controller of the first version, and one without; gives the
/// controllers.
fn mount_first() -> Result<Vec<String>, Errno> {
    mount_one("tmpfs", CGROUPS, Some("mode=0755"))?;
    let table = fs::read_to_string("/proc/cgroups").unwrap_or_default();
    // Each line has a name, a hierarchy, a number of groups, and whether it is on.
    let lines = table.lines().filter(|line| line.ends_with("\t1"));
    let mut names: Vec<&str> = lines.filter_map(|line| line.split('\t').next()).collect();
    let mut mounted = Vec::new();
    for pair in TOGETHER {
        let both = pair.join(",");
        let are_there = pair.iter().all(|name| names.contains(name));
        if are_there && mount_one("cgroup", &format!("{CGROUPS}/{both}"), Some(&both)).is_ok() {
            for name in pair {
                let _ = symlink(&both, format!("{CGROUPS}/{name}"));
                mounted.push(name.to_owned());
            }
            names.retain(|name| !pair.contains(name));
        }
    }
    for name in names {
        let target = format!("{CGROUPS}/{name}");
        match mount_one("cgroup", &target, Some(name)) {
            Ok(()) => mounted.push(name.to_owned()),
            // The first version does not have every controller of the second.
            Err(_) => drop(fs::remove_dir(target)),
        }
    }
    if !mounted.is_empty() {
        let own = Some("none,name=systemd");
        let _ = mount_one("cgroup", &format!("{CGROUPS}/systemd"), own);
    }
    Ok(mounted)
}

fn mount_one(kind: &str, target: &str, options: Option<&str>) -> Result<(), Errno> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let _ = fs::create_dir(target);
    mount(Some(kind), target, Some(kind), flags, options)
}
