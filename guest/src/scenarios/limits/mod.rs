//! How many namespaces there can be, and how deep; may use: shared.

scenarios! {
    nesting_limit_unshare,
    nesting_limit_clone,
    nesting_limit_user,
    max_pid_namespaces,
}
