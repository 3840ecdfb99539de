use crate::scenarios::shared::*;

/// The same check as `clone_newpid_parent`, of the other namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWUSER | CLONE_PARENT)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("clone=ok clone.child=outer")
            .because(
                "to a process that has the capabilities it then takes, do_fork() refuses \
                 CLONE_NEWUSER only with CLONE_THREAD",
            ),
        Claim::since(3, 8)
            .shows("clone=EINVAL")
            .because("do_fork() refuses CLONE_PARENT with either of CLONE_NEWPID and CLONE_NEWUSER")
            .by(UNSHARE_PID),
        Claim::since(3, 13)
            .shows("clone=ok clone.child=outer")
            .because("only threads must share their user namespace")
            .by(CLONE_PARENT)
            .links(&["https://github.com/lxc/lxc/issues/185"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("user", CloneFlags::CLONE_NEWUSER)?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_PARENT;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
