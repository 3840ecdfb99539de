use std::fs;

use crate::scenarios::shared::*;

/// The limit that an administrator can set, per user and user namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWPID) with user.max_pid_namespaces=0, and again with what it was",
    probe,
    &[
        Claim::since(3, 2)
            .shows("sysctl=absent")
            .because("there is no such limit"),
        Claim::since(4, 9)
            .shows("sysctl=present limited=ENOSPC unlimited=ok")
            .because(
                "creating a namespace is charged to its user in this and all outer user \
                 namespaces, each of which has a limit",
            )
            .commit(
                "f333c700c610",
                "pidns: Add a limit on the number of pid namespaces",
            )
            .links(&["https://github.com/containers/bubblewrap/issues/764"]),
    ],
)
.not_on_a_host("it changes a limit of the whole system")
.vendors(&[EL7
    .shows("sysctl=present limited=ENOSPC unlimited=ok")
    .because("creating a namespace is charged to its user, as since 4.9")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const LIMIT: &str = "/proc/sys/user/max_pid_namespaces";
    require("pid")?;
    let Ok(limit) = fs::read(LIMIT) else {
        facts.saw("sysctl", "absent");
        return Ok(());
    };
    facts.saw("sysctl", "present");
    fs::write(LIMIT, "0")?;
    let limited = unshare(CloneFlags::CLONE_NEWPID);
    // The limit holds for the whole system.
    fs::write(LIMIT, limit)?;
    facts.saw_result("limited", &limited);
    facts.saw_result("unlimited", &unshare(CloneFlags::CLONE_NEWPID));
    Ok(())
}
