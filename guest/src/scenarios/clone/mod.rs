//! clone(2) and clone3(2): which flags go together with new namespaces; may use:
//! shared.

scenarios! {
    clone_newpid,
    clone_newuser_newpid,
    clone_parent,
    clone_newpid_parent,
    clone_newuser_parent,
    clone_newpid_thread,
    clone_newuser_thread,
    clone_newpid_vm,
    clone_newuser_vm,
    clone_newpid_vm_sighand,
    clone_newuser_vm_sighand,
    clone_newuser_fs,
    clone_newns_fs,
    clone_pidfd,
    clone3_newpid,
}
