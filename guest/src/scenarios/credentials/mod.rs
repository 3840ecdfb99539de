//! Capabilities, and the maps of user namespaces; may use: shared.

scenarios! {
    capbset_drop_in_user_namespace,
    ambient_capabilities,
    map_root_without_setfcap,
    uid_map_of_six_lines,
    gid_map_by_an_ordinary_user,
    owner_of_a_namespace,
    apparmor_userns_sysctl,
}
