//! Mounts, and the calls that make and show them; may use: shared.

scenarios! {
    mount_by_descriptors,
    mount_setattr,
    listmount_statmount,
    mount_beneath,
    nosymfollow,
    tmpfs_options,
    unmount_what_was_inherited,
    remove_what_is_mounted_elsewhere,
    mount_on_a_magic_link,
    proc_when_a_part_is_hidden,
    proc_of_processes_only,
    processes_only_when_a_part_is_hidden,
}
