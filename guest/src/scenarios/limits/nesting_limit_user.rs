use crate::scenarios::shared::*;

/// User namespaces have the limit of PID namespaces, nearly.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWUSER) by one process again and again, at most 40 times",
    probe,
    &[
        no_user_unshare_yet("levels=0 unshare=EINVAL"),
        Claim::since(3, 8)
            .shows("levels=40 unshare=ok")
            .because("memory is the only limit")
            .by(UNSHARE_USER),
        Claim::since(3, 11)
            .shows("levels=33 unshare=EUSERS")
            .because("a process more than 32 levels down can make no more")
            .commit(
                "8742f229b635",
                "userns: limit the maximum depth of user_namespace->parent chain",
            )
            .backported(versions!["3.10.6"]),
        Claim::since(4, 9)
            .shows("levels=33 unshare=ENOSPC")
            .because("limits are reported as such")
            .by(LIMIT_IS_ENOSPC)
            .links(&["https://github.com/containers/bubblewrap/issues/465"]),
    ],
)
.not_on_a_host("it counts from the first user namespace, where this may not be");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    let mut levels = 0;
    let mut unshared = Ok(());
    while levels < 40 {
        unshared = unshare(CloneFlags::CLONE_NEWUSER);
        if unshared.is_err() {
            break;
        }
        levels += 1;
        be_root()?;
    }
    facts.saw("levels", levels);
    facts.saw_result("unshare", &unshared);
    Ok(())
}
