use crate::scenarios::shared::*;

/// Who maps root can write file capabilities that hold outside.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "root is mapped in a child's user namespace, by root with CAP_SETFCAP and without",
    probe,
    &[
        Claim::since(3, 2)
            .shows("without=ENOENT with=ENOENT")
            .because("user namespaces have no maps yet"),
        Claim::since(3, 5)
            .shows("without=ok with=ok")
            .because("CAP_SETUID is what it takes to map users")
            .by(USER_MAPS),
        Claim::since(5, 12)
            .shows("without=EPERM with=ok")
            .because(
                "root in the namespace can give files capabilities that hold for root \
                 outside, so its mapper must be allowed that",
            )
            .commit(
                "db2e718a4798",
                "capabilities: require CAP_SETFCAP to map uid 0",
            )
            .backported(versions!["5.10.35", "5.11.19"]),
    ],
);

const CAP_SETFCAP: u32 = 31;

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    require_clone("user", CloneFlags::CLONE_NEWUSER)?;
    in_a_process(facts, |facts| {
        lower_capability(CAP_SETFCAP)?;
        map_root(facts, "without")
    })?;
    map_root(facts, "with")
}

fn map_root(facts: &mut Facts, name: &str) -> Result<(), ProbeError> {
    let child = Child::clone(CloneFlags::CLONE_NEWUSER)?;
    let mapped = write_if_there(format!("/proc/{}/uid_map", child.pid()), "0 0 1");
    facts.saw_result(name, &mapped);
    child.end()?;
    Ok(())
}
