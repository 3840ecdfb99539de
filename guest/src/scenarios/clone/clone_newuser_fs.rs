use crate::scenarios::shared::*;

/// Root of a new namespace could chroot(2) for a parent with other rights
/// (CVE-2013-1858).
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWUSER | CLONE_FS)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("clone=ok clone.child=outer")
            .because("it is not yet seen to be a danger"),
        Claim::since(3, 9)
            .shows("clone=EINVAL")
            .because(
                "a process could choose the root directory for set-user-ID programs of \
                 another user namespace",
            )
            .commit(
                "e66eded8309e",
                "userns: Don't allow CLONE_NEWUSER | CLONE_FS",
            )
            .backported(versions!["3.8.3"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("user", CloneFlags::CLONE_NEWUSER)?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_FS;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
