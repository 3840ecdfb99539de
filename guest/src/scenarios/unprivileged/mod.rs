//! Namespace calls by an ordinary user; may use: shared.

scenarios! {
    unprivileged_unshare_newpid,
    unprivileged_clone_newpid,
    unprivileged_unshare_newuser,
    unprivileged_unshare_newuser_newpid,
}
