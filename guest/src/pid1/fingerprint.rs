//! What a program may change of the machine beyond its own root, and the next one would
//! find.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where the kernel's settings are.
const SETTINGS: &str = "/proc/sys";
/// More of them: those that programs are known to change.
const MORE_SETTINGS: [&str; 10] = [
    "/sys/kernel/mm/ksm/run",
    "/sys/kernel/mm/lru_gen/enabled",
    "/sys/kernel/mm/transparent_hugepage/defrag",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/kernel/mm/transparent_hugepage/shmem_enabled",
    "/sys/kernel/tracing/current_tracer",
    "/sys/kernel/tracing/kprobe_events",
    "/sys/kernel/tracing/set_event",
    "/sys/kernel/tracing/tracing_on",
    "/sys/kernel/tracing/uprobe_events",
];
/// The kernel's parts, built in or not: their settings are in `NAME/parameters`.
const MODULES: &str = "/sys/module";
/// Devices that a program may remove. Others come while it runs: the kernel's modules.
const PCI: &str = "/sys/bus/pci/devices";
/// Settings that are counters, or that PID 1 sets itself for each program.
const RESTLESS: [&str; 16] = [
    "fs/aio-nr",
    "fs/dentry-state",
    "fs/file-nr",
    "fs/inode-nr",
    "fs/inode-state",
    "kernel/domainname",
    "kernel/hostname",
    "kernel/modprobe",
    "kernel/ns_last_pid",
    "kernel/perf_cpu_time_max_percent",
    "kernel/perf_event_max_sample_rate",
    "kernel/pty/nr",
    "kernel/random",
    "kernel/sched_domain",
    "net/netfilter/nf_conntrack_count",
    "vm/stat_refresh",
];
/// Files of which each is a thing that a program may change.
const FILES: [(&str, &str); 5] = [
    ("mounts", "/proc/self/mountinfo"),
    ("shared memory", "/proc/sysvipc/shm"),
    ("semaphores", "/proc/sysvipc/sem"),
    ("messages", "/proc/sysvipc/msg"),
    ("the taint of the kernel", "/proc/sys/kernel/tainted"),
];
/// Directories whose names a program may change.
const DIRECTORIES: [(&str, &str); 4] = [
    ("devices", "/dev"),
    ("message queues", "/dev/mqueue"),
    ("kernel modules", "/sys/module"),
    ("network interfaces", "/sys/class/net"),
];
const CGROUPS: &str = "/sys/fs/cgroup";

/// How the machine was before its first program.
pub(crate) struct Fingerprint {
    things: BTreeMap<String, String>,
    settings: BTreeMap<PathBuf, String>,
}

impl Fingerprint {
    pub(crate) fn take() -> Self {
        let (mut settings, again) = (settings(), settings());
        // What changes by itself tells nothing.
        settings.retain(|path, value| again.get(path) == Some(value));
        Self {
            things: things(),
            settings,
        }
    }

    /// What a program has changed, if anything.
    pub(crate) fn changed(&self) -> Option<String> {
        remove_below(Path::new(CGROUPS));
        let things = things();
        let mut changed = self.things.iter();
        if let Some((name, _)) = changed.find(|(name, was)| things.get(*name) != Some(was)) {
            return Some(name.clone());
        }
        let is = |path: &Path| fs::read_to_string(path).ok();
        let mut settings = self.settings.iter();
        let changed = settings.find(|(path, was)| is(path).as_ref() != Some(was))?;
        Some(changed.0.display().to_string())
    }
}

fn things() -> BTreeMap<String, String> {
    let files = FILES.map(|(name, path)| (name, fs::read_to_string(path).unwrap_or_default()));
    let directories = DIRECTORIES.map(|(name, path)| (name, names(Path::new(path)).join(" ")));
    let mut groups = Vec::new();
    below(Path::new(CGROUPS), &mut |path, is_directory| {
        if is_directory {
            groups.push(path.display().to_string());
        }
    });
    groups.sort();
    let groups = ("control groups", groups.join(" "));
    let all = files.into_iter().chain(directories).chain([groups]);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn settings() -> BTreeMap<PathBuf, String> {
    let mut settings = BTreeMap::new();
    below(Path::new(SETTINGS), &mut |path, is_directory| {
        let name = path.strip_prefix(SETTINGS).unwrap_or(path);
        if !is_directory
            && !RESTLESS.iter().any(|restless| name.starts_with(restless))
            && let Ok(value) = fs::read_to_string(path)
        {
            settings.insert(path.to_owned(), value);
        }
    });
    let parameters = children(MODULES).flat_map(|module| children(module.join("parameters")));
    // The others stay as the kernel was built, or started.
    let is_writable = |path: &PathBuf| {
        let mode = fs::metadata(path).map_or(0, |metadata| metadata.mode());
        mode & 0o200 != 0
    };
    let devices = children(PCI).map(|device| device.join("vendor"));
    let more = MORE_SETTINGS.iter().map(PathBuf::from);
    for path in parameters.filter(is_writable).chain(devices).chain(more) {
        if let Ok(value) = fs::read_to_string(&path) {
            settings.insert(path, value);
        }
    }
    settings
}

/// What is in a directory.
fn children(directory: impl AsRef<Path>) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// Looks at all that is below a directory.
fn below(directory: &Path, look: &mut dyn FnMut(&Path, bool)) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        look(&path, is_directory);
        if is_directory {
            below(&path, look);
        }
    }
}

/// Removes control groups, which are empty once their processes were killed. Those that
/// are mounted stay: they are busy.
fn remove_below(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_below(&entry.path());
            let _ = fs::remove_dir(entry.path());
        }
    }
}
