use crate::probe::CloneFlags;

/// What CLONE_NEWPID implied on 3.8 to 3.11, each by itself, and all.
pub(super) const IMPLIED_FLAGS: [(&str, CloneFlags); 4] = [
    ("thread", CloneFlags::CLONE_THREAD),
    ("vm", CloneFlags::CLONE_VM),
    ("sighand", CloneFlags::CLONE_SIGHAND),
    (
        "all",
        CloneFlags::CLONE_THREAD
            .union(CloneFlags::CLONE_VM)
            .union(CloneFlags::CLONE_SIGHAND),
    ),
];
