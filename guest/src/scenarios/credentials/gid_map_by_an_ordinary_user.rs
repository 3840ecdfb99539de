use crate::scenarios::shared::*;

/// Who may leave a group by setgroups(2) may do what the group is denied.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "an ordinary user writes the gid_map of its new user namespace, and that of another \
     after \"deny\" to its setgroups",
    probe,
    &[
        no_user_unshare_yet("unshare=EINVAL"),
        Claim::since(3, 8)
            .shows("unshare=ok allowed=ok deny=ENOENT denied=ok")
            .because("every user may map its own group")
            .by(USER_UNPRIVILEGED),
        Claim::since(3, 19)
            .shows("unshare=ok allowed=EPERM deny=ok denied=ok")
            .because(
                "with a map, setgroups(2) could leave a group that denies something, so it \
                 must be given up first",
            )
            .commit(
                "be7c6dba2332",
                "userns: Don't allow unprivileged creation of gid mappings",
            )
            .backported(versions![
                "3.10.64", "3.12.36", "3.14.28", "3.16.35", "3.17.8", "3.18.2"
            ])
            .links(&[
                "https://github.com/arachsys/containers/pull/1",
                "https://github.com/lxc/lxc/pull/2067",
                "https://github.com/shadow-maint/shadow/pull/97",
            ]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_ordinary_user_namespaces()?;
    become_ordinary_user()?;
    in_a_process(facts, |facts| {
        let unshared = unshare(CloneFlags::CLONE_NEWUSER);
        facts.saw_result("unshare", &unshared);
        if unshared.is_ok() {
            facts.saw_result("allowed", &map_own_group());
        }
        Ok(())
    })?;
    if unshare(CloneFlags::CLONE_NEWUSER).is_ok() {
        let denied = write_if_there("/proc/self/setgroups", "deny");
        facts.saw_result("deny", &denied);
        facts.saw_result("denied", &map_own_group());
    }
    Ok(())
}

fn map_own_group() -> Result<(), Errno> {
    write_if_there("/proc/self/gid_map", "0 1000 1")
}
