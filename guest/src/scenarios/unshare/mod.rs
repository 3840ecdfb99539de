//! unshare(2) of PID and user namespaces, by processes with one thread, with more, and with
//! shared memory.

scenarios! {
    unshare_newpid_single_threaded,
    unshare_newpid_multithreaded,
    unshare_newpid_from_another_thread,
    unshare_newpid_shared_memory,
    unshare_newuser_multithreaded,
    unshare_newuser_newpid_multithreaded,
    unshare_newuser_shared_memory,
    unshare_implied_flags_multithreaded,
    unshare_implied_flags_shared_memory,
    unshare_while_status_is_read,
    unshare_after_a_thread_has_gone,
    unshare_newpid_per_thread,
    unshare_newpid_children_by_thread,
    unshare_newpid_threads_by_thread,
    unshare_newpid_by_main_thread,
    unshare_newpid_wait_by_another_thread,
    unshare_newpid_init_ends_by_thread,
    unshare_newpid_two_threads,
    unshare_newpid_thread_exits,
    unshare_newpid_thread_execs,
}
