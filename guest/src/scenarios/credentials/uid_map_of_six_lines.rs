use crate::scenarios::shared::*;

/// How many ranges of users a namespace may have.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "five lines are written to the uid_map of a child, and six to that of another",
    probe,
    &[
        Claim::since(3, 2)
            .shows("five=ENOENT six=ENOENT")
            .because("user namespaces have no maps yet"),
        Claim::since(3, 5)
            .shows("five=ok six=EINVAL")
            .because("a map has room for five ranges, which fit into a cache line")
            .by(USER_MAPS),
        Claim::since(4, 15)
            .shows("five=ok six=ok")
            .because("340 ranges fit, in memory of their own")
            .commit("6397fac4915a", "userns: bump idmap limits to 340"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    require_clone("user", CloneFlags::CLONE_NEWUSER)?;
    for (name, count) in [("five", 5), ("six", 6)] {
        let child = Child::clone(CloneFlags::CLONE_NEWUSER)?;
        // With a gap between any two, such that none can become one.
        let lines: String = (0..count).map(|i| format!("{i} {} 1\n", 2 * i)).collect();
        let mapped = write_if_there(format!("/proc/{}/uid_map", child.pid()), &lines);
        if mapped == Err(Errno::EPERM) {
            // In a user namespace that has few users itself.
            return Err(Errno::EPERM.into());
        }
        facts.saw_result(name, &mapped);
        child.end()?;
    }
    Ok(())
}
