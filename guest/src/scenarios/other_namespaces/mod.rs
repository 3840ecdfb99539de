//! unshare(2) of everything but PID and user namespaces, as a comparison; may use:
//! shared.

scenarios! {
    unshare_newpid_newns,
    unshare_newns,
    unshare_newuts,
    unshare_newipc,
    unshare_newnet,
    unshare_newcgroup,
    unshare_newtime,
    unshare_fs,
    unshare_files,
}
