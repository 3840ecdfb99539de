use crate::probe::{A_THREAD, CloneFlags};

/// What CLONE_NEWPID implied on 3.8 to 3.11, each by itself, and all.
pub(in crate::scenarios) const IMPLIED_FLAGS: [(&str, CloneFlags); 4] = [
    ("thread", CloneFlags::CLONE_THREAD),
    ("vm", CloneFlags::CLONE_VM),
    ("sighand", CloneFlags::CLONE_SIGHAND),
    ("all", A_THREAD),
];
