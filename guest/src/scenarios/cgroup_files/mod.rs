//! Files of the second version of control groups; may use: shared.

scenarios! {
    cgroup2_files,
    cgroup_kill,
    memory_peak,
}
