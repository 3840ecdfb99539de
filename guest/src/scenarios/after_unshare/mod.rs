//! What a process can start after unshare(CLONE_NEWPID); may use: shared.

scenarios! {
    after_unshare_create_thread,
    after_unshare_vfork,
    after_unshare_clone_vm,
    after_unshare_clone_vm_sighand,
    after_unshare_posix_spawn,
    after_unshare_clone_parent,
    after_unshare_clone_newpid,
    after_unshare_second_unshare,
    after_unshare_other_namespaces,
    after_unshare_setns_back,
    after_unshare_fork_when_init_is_gone,
}
