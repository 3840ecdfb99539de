//! What `/proc` shows of PID namespaces; may use: shared.

scenarios! {
    nspid_from_both_sides,
    proc_mounted_inside,
    proc_thread_self,
    proc_ns_pid_and_user,
    pid_for_children_of_one_thread,
    pid_for_children_by_thread,
    pid_for_children_taken_before_init,
}
