use crate::scenarios::shared::*;

/// A new /proc would show what the old one hides.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "/proc is mounted in new user, PID and mount namespaces, where a tmpfs hides a part of \
     the /proc that is there",
    probe,
    &[
        no_user_unshare_yet("unshare=EINVAL"),
        Claim::since(3, 8)
            .shows("unshare=ok mount=ok")
            .because("the namespaces' root may mount a /proc of its own")
            .by(UNSHARE_USER),
        Claim::since(3, 12)
            .shows("unshare=ok mount=EPERM")
            .because("it may do so only where a whole /proc is to be seen already")
            .commit(
                "e51db7353295",
                "userns: Better restrictions on when proc and sysfs can be mounted",
            )
            .links(&["https://github.com/opencontainers/runc/issues/1658"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    mount_where_a_part_is_hidden(facts, |facts| {
        facts.saw_result("mount", &mount_on("/tmp".as_ref(), "proc", None));
        Ok(())
    })
}
