//! What a program may change of the machine beyond its own root, and the next one would
//! find.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::mem;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::limits;
use crate::protocol::ProgramJob;

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
const MOUNTS: &str = "mounts";
/// Files of which each is a thing that a program may change.
const FILES: [(&str, &str); 13] = [
    (MOUNTS, "/proc/self/mountinfo"),
    ("shared memory", "/proc/sysvipc/shm"),
    ("semaphores", "/proc/sysvipc/sem"),
    ("messages", "/proc/sysvipc/msg"),
    ("the taint of the kernel", "/proc/sys/kernel/tainted"),
    // What each program has from PID 1.
    ("limits of PID 1", "/proc/self/limits"),
    ("the OOM score of PID 1", "/proc/self/oom_score_adj"),
    ("the timer slack of PID 1", "/proc/self/timerslack_ns"),
    (
        "the core dump filter of PID 1",
        "/proc/self/coredump_filter",
    ),
    // Those of IPv4: others come by themselves, a while after their interface.
    ("network addresses", "/proc/net/fib_trie"),
    ("control groups", "/sys/fs/cgroup/cgroup.subtree_control"),
    ("control groups", "/sys/fs/cgroup/cgroup.max.depth"),
    ("control groups", "/sys/fs/cgroup/cgroup.max.descendants"),
];
/// The fields of `/proc/self/stat` by which PID 1 is scheduled: its priority, niceness,
/// real-time priority and policy (proc_pid_stat(5)).
const SCHEDULED: [usize; 4] = [18, 19, 40, 41];
/// Directories whose names a program may change.
const DIRECTORIES: [(&str, &str); 5] = [
    ("control groups", CGROUPS),
    ("devices", "/dev"),
    ("message queues", "/dev/mqueue"),
    ("kernel modules", "/sys/module"),
    ("network interfaces", "/sys/class/net"),
];
const CGROUPS: &str = "/sys/fs/cgroup";
/// How much of a setting is compared, in bytes: hardly one is longer.
const LONGEST: usize = 1024;

/// How the machine was before its first program.
pub(crate) struct Fingerprint {
    things: BTreeMap<String, String>,
    settings: Vec<KernelSetting>,
    /// Whether the machine had its network and disks.
    with_devices: bool,
}

/// A setting, and what it was. Its file stays open: to find a thousand by their paths, after
/// each program, would take longer than many a program does.
struct KernelSetting {
    path: PathBuf,
    file: File,
    was: Vec<u8>,
}

impl KernelSetting {
    /// None if it cannot be read.
    fn of(path: PathBuf) -> Option<Self> {
        let file = File::open(&path).ok()?;
        let mut buffer = [0; LONGEST];
        let was = read(&file, &mut buffer)?.to_vec();
        Some(Self { path, file, was })
    }

    fn is_as_it_was(&self, buffer: &mut [u8]) -> bool {
        read(&self.file, buffer) == Some(&self.was[..])
    }
}

/// What a file says now.
fn read<'a>(file: &File, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = file.read_at(buffer, 0).ok()?;
    Some(&buffer[..length])
}

impl Fingerprint {
    pub(crate) fn take() -> Self {
        // Without room for all, fewer settings are compared.
        let _ = limits::have_more_files();
        let mut settings = settings();
        // What changes by itself tells nothing.
        settings.retain(|setting| setting.is_as_it_was(&mut [0; LONGEST]));
        Self {
            things: things(),
            settings,
            with_devices: false,
        }
    }

    /// Takes another once the machine has its network and disks, which stay. What the program
    /// asks for beside them does not.
    pub(crate) fn with_devices_of(&mut self, program: &ProgramJob) {
        let has_devices = program.network || !program.disks.is_empty();
        let has_more = !program.modules.is_empty() || !program.needs.is_empty();
        if has_devices && !has_more && !self.with_devices {
            let before = mem::take(&mut self.things);
            *self = Self::take();
            self.with_devices = true;
            // The program's root is mounted already.
            let mounts = before.into_iter().filter(|(name, _)| name == MOUNTS);
            self.things.extend(mounts);
        }
    }

    /// What a program has changed, if anything, once none runs.
    pub(crate) fn changed(&self) -> Option<String> {
        remove_below(Path::new(CGROUPS));
        self.differs()
    }

    /// What differs from how the machine was, if anything, while programs may run.
    pub(crate) fn differs(&self) -> Option<String> {
        let things = things();
        let mut changed = self.things.iter();
        if let Some((name, _)) = changed.find(|(name, was)| things.get(*name) != Some(was)) {
            return Some(name.clone());
        }
        let mut buffer = [0; LONGEST];
        let mut settings = self.settings.iter();
        let changed = settings.find(|setting| !setting.is_as_it_was(&mut buffer))?;
        Some(changed.path.display().to_string())
    }
}

fn things() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut thing = |name: &str, value: &str| {
        let value_of = all.entry(name.to_owned()).or_insert_with(String::new);
        value_of.push_str(value);
        value_of.push('\n');
    };
    for (name, path) in FILES {
        thing(name, &fs::read_to_string(path).unwrap_or_default());
    }
    for (name, path) in DIRECTORIES {
        thing(name, &names(Path::new(path)).join(" "));
    }
    thing("how PID 1 is scheduled", &scheduled().unwrap_or_default());
    thing("keys", &keys());
    let mut groups = Vec::new();
    below(Path::new(CGROUPS), &mut |path, is_directory| {
        if is_directory {
            groups.push(path.display().to_string());
        }
    });
    groups.sort();
    thing("control groups", &groups.join(" "));
    all
}

fn scheduled() -> Option<String> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, the second field, may have blanks.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let fields = SCHEDULED.map(|number| fields.get(number - 3).copied().unwrap_or_default());
    Some(fields.join(" "))
}

/// The keys that PID 1 sees, but for key rings, which come and go with processes
/// (keyrings(7)).
fn keys() -> String {
    let keys = fs::read_to_string("/proc/keys").unwrap_or_default();
    // Behind serial number, flags, uses, time-out, permissions and owners.
    let named = keys.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().skip(7).collect();
        let is_ring = words.first() == Some(&"keyring");
        (!is_ring).then(|| words.join(" "))
    });
    named.collect::<Vec<String>>().join("\n")
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn settings() -> Vec<KernelSetting> {
    let mut paths = Vec::new();
    below(Path::new(SETTINGS), &mut |path, is_directory| {
        let name = path.strip_prefix(SETTINGS).unwrap_or(path);
        if !is_directory && !RESTLESS.iter().any(|restless| name.starts_with(restless)) {
            paths.push(path.to_owned());
        }
    });
    let parameters = children(MODULES).flat_map(|module| children(module.join("parameters")));
    paths.extend(parameters.chain(MORE_SETTINGS.iter().map(PathBuf::from)));
    // The others stay as the kernel was built or started, or count what happens.
    paths.retain(|path| fs::metadata(path).is_ok_and(|file| file.mode() & 0o200 != 0));
    paths.extend(children(PCI).map(|device| device.join("vendor")));
    paths.into_iter().filter_map(KernelSetting::of).collect()
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
