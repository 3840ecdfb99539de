use std::fs;

use crate::probe::{CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The limit that an administrator can set, per user and user namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "max_pid_namespaces",
    summary: "unshare(CLONE_NEWPID) with user.max_pid_namespaces=0, and again with what it was",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("sysctl=absent")
            .because("there is no such limit")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155"
            ]),
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
            .observed(versions![
                "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ])
            .links(&["https://github.com/containers/bubblewrap/issues/764"]),
    ],
};

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
    // It is everybody's.
    fs::write(LIMIT, limit)?;
    facts.saw_result("limited", &limited);
    facts.saw_result("unlimited", &unshare(CloneFlags::CLONE_NEWPID));
    Ok(())
}
