use super::by_each_thread::succeeds_by_each_thread;
use crate::probe::{CloneFlags, require_if_known, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Namespaces of one thread, too.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newcgroup",
    summary: "unshare(CLONE_NEWCGROUP) by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=EINVAL main=EINVAL thread=EINVAL")
            .because("unshare(2) knows no cgroup namespaces")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155"
            ]),
        Claim::since(4, 6)
            .shows("single=ok main=ok thread=ok")
            .because("a thread can see its control group as the root of all")
            .commit("a79a908fd2b0", "cgroup: introduce cgroup namespaces")
            .observed(versions![
                "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("cgroup", CloneFlags::CLONE_NEWCGROUP, "CONFIG_CGROUPS")?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWCGROUP))
}
