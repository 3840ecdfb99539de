//! What prctl(2) and its like came to know; may use: shared.

scenarios! {
    prctl_thp_disable,
    prctl_io_flusher,
    prctl_mdwe,
    prctl_syscall_user_dispatch,
    prctl_memory_merge,
    prctl_timer_ids,
    prctl_thp_except_advised,
}
