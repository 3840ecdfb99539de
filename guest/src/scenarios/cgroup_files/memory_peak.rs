use crate::scenarios::shared::*;

/// The most memory that a group ever had.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "memory.peak of a new group of cgroup2 that has the memory controller",
    probe,
    &[
        Claim::since(3, 2)
            .shows("mount=ENODEV")
            .because("there is no cgroup2"),
        Claim::since(4, 5)
            .shows("mount=ok current=present peak=absent")
            .because("only what a group has now is told")
            .by(CGROUP2),
        Claim::since(5, 19)
            .shows("mount=ok current=present peak=present")
            .because("the number was there all the time, and is shown now")
            .commit(
                "8e20d4b33266",
                "mm/memcontrol: export memcg->watermark via sysfs for v2 memcg",
            )
            .links(&["https://github.com/gsauthof/cgmemtime/issues/4"]),
    ],
)
.not_on_a_host("it makes a group of the whole system");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let Some(group) = Cgroup::make(facts)? else {
        return Ok(());
    };
    let group = group.with_controller("memory")?;
    for (name, file) in [("current", "memory.current"), ("peak", "memory.peak")] {
        let is_there = group.file(file).exists();
        facts.saw(name, if is_there { "present" } else { "absent" });
    }
    Ok(())
}
