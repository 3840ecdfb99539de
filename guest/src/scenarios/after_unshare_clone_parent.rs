use super::history::{
    CLONE_PARENT, CLONE_PARENT_STABLE, TIGHTER_CLONE, UNSHARE_PID, no_unshare_yet,
};
use crate::probe::{Child, CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The odd one out on 3.12: a child is given to the
/// parent of the caller, as LXC does.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_clone_parent",
    summary: "clone(CLONE_PARENT) after unshare(CLONE_NEWPID)",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL clone=ok clone.child=outer").observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("unshare=ok clone=ok clone.child=1")
            .because("it is a child like any other, but of the caller's parent")
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows("unshare=ok clone=EINVAL")
            .because("it was taken for one of the things that have to stay in one namespace")
            .by(TIGHTER_CLONE)
            .observed(versions!["3.12"])
            .links(&["https://github.com/lxc/lxc/issues/185"]),
        Claim::since(3, 13)
            .shows("unshare=ok clone=ok clone.child=1")
            .because("that had been a regression")
            .by(CLONE_PARENT)
            .backported(CLONE_PARENT_STABLE)
            .observed(versions![
                "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let child = Child::clone(CloneFlags::CLONE_PARENT);
    facts.saw_call("clone", &child);
    child.map(Child::end).ok();
    Ok(())
}
