//! The commits on which several scenarios turn, and the stable kernels that
//! carry them.

use crate::claims::{Claim, Commit};
use crate::versions;

/// 3.5: `/proc/PID/uid_map` and `gid_map`.
pub(in crate::scenarios) const USER_MAPS: Commit = Commit::new(
    "22d917d80e84",
    "userns: Rework the user_namespace adding uid/gid mapping support",
);

/// 3.8: unshare(2) takes CLONE_NEWPID.
pub(in crate::scenarios) const UNSHARE_PID: Commit = Commit::new(
    "50804fe3737c",
    "pidns: Support unsharing the pid namespace.",
);

/// 3.8: unshare(2) takes CLONE_NEWUSER.
// The change was seen in sources of kernels, this id and title were not.
pub(in crate::scenarios) const UNSHARE_USER: Commit = Commit::new(
    "b2e0d98705e6",
    "userns: Implement unshare of the user namespace",
);

/// 3.8: unshare(CLONE_NEWUSER) takes no privilege.
pub(in crate::scenarios) const USER_UNPRIVILEGED: Commit = Commit::new(
    "5eaf563e5329",
    "userns: Allow unprivileged users to create user namespaces.",
);

/// 3.8: setns(2) takes a PID namespace, and `/proc/PID/ns/pid` is there.
pub(in crate::scenarios) const SETNS_PID: Commit =
    Commit::new("57e8391d3276", "pidns: Add setns support");

/// 3.8: no new threads after unshare(CLONE_NEWPID).
pub(in crate::scenarios) const NO_THREADS_AFTER: Commit = Commit::new(
    "8382fcac1b81",
    "pidns: Outlaw thread creation after unshare(CLONE_NEWPID)",
);

/// 3.8: no PIDs in a namespace whose init has died.
// The change was seen in sources of kernels, this id and title were not.
pub(in crate::scenarios) const DEAD_NAMESPACE: Commit =
    Commit::new("c876ad768215", "pidns: Stop pid allocation when init dies");

/// 3.8: setns(2) takes a user namespace, and `/proc/PID/ns/user` is there.
pub(in crate::scenarios) const SETNS_USER: Commit =
    Commit::new("cde1975bc242", "userns: Implent proc namespace operations");

/// 3.12: vfork(2) after unshare(2).
pub(in crate::scenarios) const VFORK_AFTER: Commit = Commit::new(
    "e79f525e99b0",
    "pidns: fix vfork() after unshare(CLONE_NEWPID)",
)
.backported_to(versions!["3.10.13"]);

/// 3.12: CLONE_NEWPID no longer implies CLONE_THREAD.
pub(in crate::scenarios) const NO_IMPLIED_THREAD: Commit = Commit::new(
    "6e556ce209b0",
    "pidns: Don't have unshare(CLONE_NEWPID) imply CLONE_THREAD",
);

/// 3.12: CLONE_PARENT and CLONE_SIGHAND are refused together with namespaces.
pub(in crate::scenarios) const TIGHTER_CLONE: Commit = Commit::new(
    "40a0d32d1eaf",
    "fork: unify and tighten up CLONE_NEWUSER/CLONE_NEWPID checks",
);

/// 3.13: CLONE_PARENT is accepted again.
pub(in crate::scenarios) const CLONE_PARENT: Commit = Commit::new(
    "1f7f4dde5c94",
    "fork: Allow CLONE_PARENT after setns(CLONE_NEWPID)",
)
.backported_to(versions!["3.12.9"]);

/// 3.15: renameat2(2).
pub(in crate::scenarios) const RENAMEAT2: Commit =
    Commit::new("520c8b165052", "vfs: add renameat2 syscall");

/// 3.17: seccomp(2).
pub(in crate::scenarios) const SECCOMP: Commit =
    Commit::new("48dc92b9fc39", "seccomp: add \"seccomp\" syscall");

/// 3.17: memfd_create(2).
pub(in crate::scenarios) const MEMFD_CREATE: Commit =
    Commit::new("9183df25fe7b", "shm: add memfd_create() syscall");

/// 4.1: `NSpid` and its like in `/proc/PID/status`.
pub(in crate::scenarios) const NSPID: Commit = Commit::new(
    "e4bc33245124",
    "/proc/PID/status: show all sets of pid according to ns",
);

/// 4.3: unshare(2) asks for other threads, not for other users of the memory.
// The change was seen in sources of kernels, this id and title were not.
pub(in crate::scenarios) const BY_THREAD_GROUP: Commit = Commit::new(
    "12c641ab8270",
    "unshare: Unsharing a thread does not require unsharing a vm",
)
.backported_to(versions![
    "3.10.90", "3.12.49", "3.14.54", "3.18.23", "4.1.9", "4.2.2"
]);

/// 4.3: clone(2) refuses threads only, not processes that share signal handlers.
pub(in crate::scenarios) const THREADS_ONLY: Commit = Commit::new(
    "faf00da54404",
    "userns,pidns: Force thread group sharing, not signal handler sharing.",
);

/// 4.3: ambient capabilities.
pub(in crate::scenarios) const AMBIENT: Commit =
    Commit::new("58319057b784", "capabilities: ambient capabilities");

/// 4.5: the file system cgroup2.
pub(in crate::scenarios) const CGROUP2: Commit = Commit::new(
    "67e9c74b8a87",
    "cgroup: replace __DEVEL__sane_behavior with cgroup2 fs type",
);

/// 4.5: copy_file_range(2).
pub(in crate::scenarios) const COPY_FILE_RANGE: Commit = Commit::new(
    "29732938a628",
    "vfs: add copy_file_range syscall and vfs helper",
);

/// 4.6: cgroup namespaces.
pub(in crate::scenarios) const CGROUP_NAMESPACES: Commit =
    Commit::new("a79a908fd2b0", "cgroup: introduce cgroup namespaces");

/// 4.9: a limit of namespaces is ENOSPC.
pub(in crate::scenarios) const LIMIT_IS_ENOSPC: Commit = Commit::new(
    "df75e7748bae",
    "userns: When the per user per user namespace limit is reached return ENOSPC",
);

/// 4.11: statx(2).
pub(in crate::scenarios) const STATX: Commit = Commit::new(
    "a528d35e8bfc",
    "statx: Add a system call to make enhanced file info available",
);

/// 4.12: `/proc/PID/ns/pid_for_children`.
pub(in crate::scenarios) const PID_FOR_CHILDREN: Commit = Commit::new(
    "eaa0d190bfe1",
    "pidns: expose task pid_ns_for_children to userspace",
);

/// 5.0: a filter of seccomp asks another process.
pub(in crate::scenarios) const SECCOMP_NOTIFIES: Commit = Commit::new(
    "6a21cc50f0c7",
    "seccomp: add a return code to trap to userspace",
);

/// 5.1: pidfd_send_signal(2).
pub(in crate::scenarios) const PIDFD_SEND_SIGNAL: Commit =
    Commit::new("3eb39f47934f", "signal: add pidfd_send_signal() syscall");

/// 5.2: fsopen(2), and mounts by descriptors.
pub(in crate::scenarios) const FSOPEN: Commit = Commit::new(
    "24dcb3d90a1f",
    "vfs: syscall: Add fsopen() to prepare for superblock creation",
);

/// 5.8: a /proc of the processes alone.
pub(in crate::scenarios) const PROC_SUBSET: Commit = Commit::new(
    "6814ef2d992a",
    "proc: add option to mount only a pids subset",
);

/// 5.3: pidfd_open(2).
pub(in crate::scenarios) const PIDFD_OPEN: Commit =
    Commit::new("32fcb426ec00", "pid: add pidfd_open()");

/// 5.3: files are copied across file systems.
pub(in crate::scenarios) const ACROSS: Commit = Commit::new(
    "5dae222a5ff0",
    "vfs: allow copy_file_range to copy across devices",
);

/// 5.6: openat2(2).
pub(in crate::scenarios) const OPENAT2: Commit =
    Commit::new("fddb5d430ad9", "open: introduce openat2(2) syscall");

/// 5.6: time namespaces.
pub(in crate::scenarios) const TIME_NAMESPACES: Commit =
    Commit::new("769071ac9f20", "ns: Introduce Time Namespace");

/// 5.10: files are spliced only where they say how.
pub(in crate::scenarios) const NO_SPLICE_BY_DEFAULT: Commit = Commit::new(
    "36e2c7421f02",
    "fs: don't allow splice read/write without explicit ops",
);

/// 5.14: `cgroup.kill`.
pub(in crate::scenarios) const CGROUP_KILL: Commit =
    Commit::new("661ee6280931", "cgroup: introduce cgroup.kill");

/// 5.19: files are copied within one file system only, as before 5.3.
pub(in crate::scenarios) const NOT_ACROSS: Commit = Commit::new(
    "868f9f2f8e00",
    "vfs: fix copy_file_range() regression in cross-fs copies",
)
.backported_to(versions!["5.10.160", "5.15.53", "5.18.10"]);

/// 6.3: PR_SET_MDWE.
pub(in crate::scenarios) const DENY_WRITE_EXECUTE: Commit = Commit::new(
    "b507808ebce2",
    "mm: implement memory-deny-write-execute as a prctl",
);

/// 7.1: `pid_for_children` resolves before there is a child.
pub(in crate::scenarios) const OPEN_EARLY: Commit = Commit::new(
    "a3bdc23ba8ea",
    "pid_namespace: allow opening pid_for_children before init was created",
);

/// The kernels before 3.8, in which unshare(2) knows no PID namespaces.
#[track_caller]
pub(in crate::scenarios) const fn no_unshare_yet(expected: &'static str) -> Claim {
    Claim::since(3, 2)
        .shows(expected)
        .because("unshare(2) knows no PID namespaces yet; clone(2) does")
}

/// The kernels before 3.8, in which unshare(2) knows no user namespaces.
#[track_caller]
pub(in crate::scenarios) const fn no_user_unshare_yet(expected: &'static str) -> Claim {
    Claim::since(3, 2)
        .shows(expected)
        .because("unshare(2) knows no user namespaces yet; clone(2) does")
}

/// The kernels before 3.8, which have no file to open for setns(2) to a PID
/// namespace.
#[track_caller]
pub(in crate::scenarios) const fn no_pid_to_join_yet() -> Claim {
    Claim::since(3, 2)
        .shows("open=ENOENT")
        .because("/proc/PID/ns has no pid yet, so there is nothing to join")
}

/// The same of a user namespace.
#[track_caller]
pub(in crate::scenarios) const fn no_user_to_join_yet() -> Claim {
    Claim::since(3, 2)
        .shows("open=ENOENT")
        .because("/proc/PID/ns has no user yet, so there is nothing to join")
}

/// From 3.8 until 3.12, a process with threads is refused unshare(CLONE_NEWPID) and
/// shows what it showed before.
#[track_caller]
pub(in crate::scenarios) const fn threads_are_refused(expected: &'static str) -> Claim {
    Claim::since(3, 8)
        .as_before()
        .shows(expected)
        .because("a process with threads is refused, and nothing changes for any of them")
        .by(UNSHARE_PID)
}
