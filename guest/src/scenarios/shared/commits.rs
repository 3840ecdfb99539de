//! The commits on which several scenarios turn, and the stable kernels that
//! carry them.

use crate::claims::{Claim, Commit};
use crate::versions;

/// 3.8: unshare(2) takes CLONE_NEWPID.
pub(in crate::scenarios) const UNSHARE_PID: Commit = Commit::new(
    "50804fe3737c",
    "pidns: Support unsharing the pid namespace.",
);

/// 3.8: unshare(2) takes CLONE_NEWUSER.
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
pub(in crate::scenarios) const DEAD_NAMESPACE: Commit =
    Commit::new("c876ad768215", "pidns: Stop pid allocation when init dies");

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

/// 4.1: `NSpid` and its like in `/proc/PID/status`.
pub(in crate::scenarios) const NSPID: Commit = Commit::new(
    "e4bc33245124",
    "/proc/PID/status: show all sets of pid according to ns",
);

/// 4.3: unshare(2) asks for other threads, not for other users of the memory.
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

/// 4.9: a limit of namespaces is ENOSPC.
pub(in crate::scenarios) const LIMIT_IS_ENOSPC: Commit = Commit::new(
    "df75e7748bae",
    "userns: When the per user per user namespace limit is reached return ENOSPC",
);

/// 4.12: `/proc/PID/ns/pid_for_children`.
pub(in crate::scenarios) const PID_FOR_CHILDREN: Commit = Commit::new(
    "eaa0d190bfe1",
    "pidns: expose task pid_ns_for_children to userspace",
);

/// 5.19: files are copied within one file system only, as before 5.3.
pub(in crate::scenarios) const NOT_ACROSS: Commit = Commit::new(
    "868f9f2f8e00",
    "vfs: fix copy_file_range() regression in cross-fs copies",
)
.backported_to(versions!["5.10.160", "5.15.53", "5.18.10"]);

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
