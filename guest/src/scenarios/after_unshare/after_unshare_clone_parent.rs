use crate::scenarios::shared::*;

/// CLONE_PARENT gives the child to the caller's parent, as LXC does; only 3.12
/// refuses it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_PARENT) after unshare(CLONE_NEWPID)",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL clone=ok clone.child=outer"),
        Claim::since(3, 8)
            .shows("unshare=ok clone=ok clone.child=1")
            .because("it is a child like any other, but of the caller's parent")
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows("unshare=ok clone=EINVAL")
            .because("it was taken for one of the things that have to stay in one namespace")
            .by(TIGHTER_CLONE)
            .links(&["https://github.com/lxc/lxc/issues/185"]),
        Claim::since(3, 13)
            .shows("unshare=ok clone=ok clone.child=1")
            .because("that had been a regression")
            .by(CLONE_PARENT),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let child = Child::clone(CloneFlags::CLONE_PARENT);
    facts.saw_call("clone", &child);
    child.map(Child::end).ok();
    Ok(())
}
