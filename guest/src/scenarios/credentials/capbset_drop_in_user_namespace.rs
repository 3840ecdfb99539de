use crate::scenarios::shared::*;

/// What a sandbox does first: it gives up for good what it has in its user namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_CAPBSET_DROP) in a new user namespace",
    probe,
    &[
        Claim::since(3, 2)
            .shows("unshare=EINVAL drop=ok")
            .because("unshare(2) knows no user namespaces yet, and root may drop anything"),
        Claim::since(3, 8)
            .shows("unshare=ok drop=EPERM")
            .because("it takes CAP_SETPCAP in the first user namespace")
            .by(UNSHARE_USER),
        Claim::since(3, 12)
            .shows("unshare=ok drop=ok")
            .because("CAP_SETPCAP in the caller's own user namespace is enough")
            .commit(
                "160da84dbb39",
                "userns: Allow PR_CAPBSET_DROP in a user namespace.",
            )
            .links(&["https://github.com/containers/bubblewrap/pull/175"]),
    ],
);

const CAP_CHOWN: libc::c_long = 0;

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWUSER));
    facts.saw_result("drop", &prctl(libc::PR_CAPBSET_DROP, [CAP_CHOWN]));
    Ok(())
}
