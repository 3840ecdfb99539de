use std::fs;

use crate::scenarios::shared::*;

/// All processes of a group end, without a list of them.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "1 is written to cgroup.kill of the group of a child",
    probe,
    &[
        Claim::since(3, 2)
            .shows("mount=ENODEV")
            .because("there is no cgroup2"),
        Claim::since(4, 5)
            .shows("mount=ok kill=ENOENT child=exit:0")
            .because("the processes of a group are killed one by one")
            .by(CGROUP2),
        Claim::since(5, 14)
            .shows("mount=ok kill=ok child=killed:9")
            .because("the kernel does it, and none can escape by a fork")
            .by(CGROUP_KILL)
            .links(&["https://github.com/containerd/cgroups/issues/229"]),
    ],
)
.not_on_a_host("it makes a group of the whole system");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let Some(group) = Cgroup::make(facts)? else {
        return Ok(());
    };
    let child = Child::fork()?;
    fs::write(group.file("cgroup.procs"), child.pid().to_string())?;
    let killed = write_if_there(group.file("cgroup.kill"), "1");
    facts.saw_result("kill", &killed);
    let end = if killed.is_ok() {
        child.wait()
    } else {
        child.end()
    };
    facts.saw_end("child", end?);
    Ok(())
}
