use super::history::UNSHARE_PID;
use crate::probe::{CloneFlags, in_a_process, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// How many PID namespaces may be inside one another, and what is said then.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "nesting_limit_unshare",
    summary: "unshare(CLONE_NEWPID) and a fork, inside one another until it fails",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("levels=0 unshare=EINVAL")
            .because("unshare(2) knows no PID namespaces yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("levels=32 unshare=EINVAL")
            .because(
                "a struct pid has a number for each level and is to fit into a page, so \
                 there are 32 below the first namespace; the errno is that of wrong flags",
            )
            .by(UNSHARE_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155"
            ]),
        Claim::since(4, 9)
            .shows("levels=32 unshare=ENOSPC")
            .because("limits are reported as such")
            .commit(
                "df75e7748bae",
                "userns: When the per user per user namespace limit is reached return ENOSPC",
            )
            .observed(versions![
                "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ])
            .links(&[
                "https://github.com/containers/bubblewrap/issues/371",
                "https://github.com/containers/bubblewrap/issues/465",
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    descend(facts, 0)
}

/// Goes down from a level.
fn descend(facts: &mut Facts, level: usize) -> Result<(), ProbeError> {
    let unshared = unshare(CloneFlags::CLONE_NEWPID);
    if unshared.is_ok() {
        return in_a_process(facts, |facts| descend(facts, level + 1));
    }
    facts.saw("levels", level);
    facts.saw_result("unshare", &unshared);
    Ok(())
}
