use crate::scenarios::shared::*;

/// Threads do not matter, since a cgroup namespace is a thread's own.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a cgroup namespace by the only thread, the main one and another",
    probe,
    &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("there are no cgroup namespaces"),
        Claim::since(4, 6)
            .shows("open=ok single=ok main=ok thread=ok")
            .because("it is the calling thread that joins")
            .by(CGROUP_NAMESPACES),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("cgroup", CloneFlags::CLONE_NEWCGROUP, "CONFIG_CGROUPS")?;
    setns_by_each_thread(facts, "cgroup", CloneFlags::CLONE_NEWCGROUP)
}
