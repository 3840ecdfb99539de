//! setns(2): joining namespaces; may use: shared.

scenarios! {
    setns_pid,
    setns_pid_per_thread,
    setns_pid_then_create_thread,
    setns_pid_then_vfork,
    setns_pid_then_unshare,
    setns_pid_back_to_own,
    setns_pid_target_killed,
    setns_pid_dead,
    setns_pid_ancestor,
    setns_pid_by_pidfd,
    setns_user,
    setns_user_own,
    setns_user_sharing_memory,
    setns_mnt,
    setns_uts,
    setns_ipc,
    setns_net,
    setns_cgroup,
    setns_time,
}
