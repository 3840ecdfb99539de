//! Waiting for processes, and what a descriptor of one is good for; may use: shared.

scenarios! {
    waitid_by_pidfd,
    pidfd_nonblock,
    pidfd_of_a_thread,
    pidfd_getfd,
    pidfd_get_info,
    pidfd_self,
    pidfd_file_system,
    waitid_own_group,
    waitid_all_children,
    pidfd_signal_scope,
}
