use crate::scenarios::shared::*;

/// What every group of the second version has, whatever its controllers.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the files cgroup.max.depth, cgroup.freeze and cgroup.kill of a new group of cgroup2",
    probe,
    &[
        Claim::since(3, 2)
            .shows("mount=ENODEV")
            .because("there is no cgroup2"),
        Claim::since(4, 5)
            .shows("mount=ok cgroup.max.depth=absent cgroup.freeze=absent cgroup.kill=absent")
            .because("all controllers can share one tree of groups")
            .by(CGROUP2),
        Claim::since(4, 14)
            .shows("mount=ok cgroup.max.depth=present cgroup.freeze=absent cgroup.kill=absent")
            .because("who may make groups can be kept from making too many")
            .commit("1a926e0bbab8", "cgroup: implement hierarchy limits"),
        Claim::since(5, 2)
            .shows("mount=ok cgroup.max.depth=present cgroup.freeze=present cgroup.kill=absent")
            .because("a group can be stopped, such that its processes can still be killed")
            .commit("76f969e8948d", "cgroup: cgroup v2 freezer")
            .links(&["https://github.com/k0sproject/k0s/issues/3069"]),
        Claim::since(5, 14)
            .shows("mount=ok cgroup.max.depth=present cgroup.freeze=present cgroup.kill=present")
            .because("a group can be killed at once, however fast it forks")
            .by(CGROUP_KILL)
            .links(&["https://github.com/containerd/cgroups/issues/229"]),
    ],
)
.vendors(&[VendorClaim::of("el8")
    .since(147)
    .shows("cgroup.freeze=present")
    .because("the freezer of 5.2 is there, in what calls itself 4.18")
    .source("https://github.com/cai-fuqiang/linux-4.18.0-147")])
.not_on_a_host("it makes a group of the whole system");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let Some(group) = Cgroup::make(facts)? else {
        return Ok(());
    };
    for name in ["cgroup.max.depth", "cgroup.freeze", "cgroup.kill"] {
        let is_there = group.file(name).exists();
        facts.saw(name, if is_there { "present" } else { "absent" });
    }
    Ok(())
}
