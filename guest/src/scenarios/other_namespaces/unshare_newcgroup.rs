use crate::scenarios::shared::*;

/// A thread can have a separate cgroup namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWCGROUP) by the only thread, the main one and another",
    probe,
    &[
        Claim::since(3, 2)
            .shows("single=EINVAL main=EINVAL thread=EINVAL")
            .because("unshare(2) knows no cgroup namespaces"),
        Claim::since(4, 6)
            .shows("single=ok main=ok thread=ok")
            .because("a thread can see its control group as the root of all")
            .by(CGROUP_NAMESPACES),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("cgroup", CloneFlags::CLONE_NEWCGROUP, "CONFIG_CGROUPS")?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWCGROUP))
}
