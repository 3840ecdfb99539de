//! Calls of the last years that belong to nothing else; may use: shared.

scenarios! {
    getrandom,
    membarrier,
    futex_waitv,
    futex_wake,
    listns,
    landlock_rights,
    sched_getattr,
    kcmp_epoll,
    get_auxv,
    io_uring_sysctl,
}
