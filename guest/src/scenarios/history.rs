//! The commits on which several scenarios turn, and the stable kernels that
//! carry them.

use crate::{Claim, Commit, Version, versions};

const fn commit(id: &'static str, title: &'static str) -> Commit {
    Commit { id, title }
}

/// 3.8: unshare(2) takes CLONE_NEWPID.
pub(super) const UNSHARE_PID: Commit = commit(
    "50804fe3737c",
    "pidns: Support unsharing the pid namespace.",
);

/// 3.8: unshare(2) takes CLONE_NEWUSER.
pub(super) const UNSHARE_USER: Commit = commit(
    "b2e0d98705e6",
    "userns: Implement unshare of the user namespace",
);

/// 3.8: setns(2) takes a PID namespace, and `/proc/PID/ns/pid` is there.
pub(super) const SETNS_PID: Commit = commit("57e8391d3276", "pidns: Add setns support");

/// 3.8: no threads for whom CLONE_NEWPID has been unshared.
pub(super) const NO_THREADS_AFTER: Commit = commit(
    "8382fcac1b81",
    "pidns: Outlaw thread creation after unshare(CLONE_NEWPID)",
);

/// 3.8: no PIDs in a namespace whose init has died.
pub(super) const DEAD_NAMESPACE: Commit =
    commit("c876ad768215", "pidns: Stop pid allocation when init dies");

/// 3.12: vfork(2) after unshare(2).
pub(super) const VFORK_AFTER: Commit = commit(
    "e79f525e99b0",
    "pidns: fix vfork() after unshare(CLONE_NEWPID)",
);
pub(super) const VFORK_AFTER_STABLE: &[Version] = versions!["3.10.13"];

/// 3.12: CLONE_NEWPID no longer implies CLONE_THREAD.
pub(super) const NO_IMPLIED_THREAD: Commit = commit(
    "6e556ce209b0",
    "pidns: Don't have unshare(CLONE_NEWPID) imply CLONE_THREAD",
);

/// 3.12: CLONE_PARENT and CLONE_SIGHAND are refused together with namespaces.
pub(super) const TIGHTER_CLONE: Commit = commit(
    "40a0d32d1eaf",
    "fork: unify and tighten up CLONE_NEWUSER/CLONE_NEWPID checks",
);

/// 3.13: CLONE_PARENT no longer is.
pub(super) const CLONE_PARENT: Commit = commit(
    "1f7f4dde5c94",
    "fork: Allow CLONE_PARENT after setns(CLONE_NEWPID)",
);
pub(super) const CLONE_PARENT_STABLE: &[Version] = versions!["3.12.9"];

/// 4.3: unshare(2) asks for other threads, not for other users of the memory.
pub(super) const BY_THREAD_GROUP: Commit = commit(
    "12c641ab8270",
    "unshare: Unsharing a thread does not require unsharing a vm",
);
pub(super) const BY_THREAD_GROUP_STABLE: &[Version] =
    versions!["3.10.90", "3.12.49", "3.14.54", "3.18.23", "4.1.9", "4.2.2"];

/// 4.3: clone(2) refuses threads only, not whoever shares signal handlers.
pub(super) const THREADS_ONLY: Commit = commit(
    "faf00da54404",
    "userns,pidns: Force thread group sharing, not signal handler sharing.",
);

/// 4.12: `/proc/PID/ns/pid_for_children`.
pub(super) const PID_FOR_CHILDREN: Commit = commit(
    "eaa0d190bfe1",
    "pidns: expose task pid_ns_for_children to userspace",
);

/// 7.1: `pid_for_children` resolves before there is a child.
pub(super) const OPEN_EARLY: Commit = commit(
    "a3bdc23ba8ea",
    "pid_namespace: allow opening pid_for_children before init was created",
);

/// The claim about the kernels before 3.8.
pub(super) const fn no_unshare_yet(expected: &'static str) -> Claim {
    Claim::since(3, 2)
        .shows(expected)
        .because("unshare(2) knows no PID namespaces yet; clone(2) does")
}
