use crate::probe::{CloneFlags, Errno, require_clone, sharing_memory};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The limit is older than unshare(CLONE_NEWPID), but not as old as clone(2).
pub(super) const SCENARIO: Scenario = Scenario {
    name: "nesting_limit_clone",
    summary: "clone(CLONE_NEWPID), inside one another until it fails, at most 40 times",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("levels=40 clone=ok")
            .because("memory is the only limit")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 7)
            .shows("levels=32 clone=EINVAL")
            .because(
                "a struct pid has a number for each level and is to fit into a page, so \
                 there are 32 below the first namespace; the errno is that of wrong flags",
            )
            .commit(
                "f2302505775f",
                "pidns: limit the nesting depth of pid namespaces",
            )
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155"
            ]),
        Claim::since(4, 9)
            .shows("levels=32 clone=ENOSPC")
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
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    let (levels, cloned) = descend(0);
    facts.saw("levels", levels);
    facts.saw_result("clone", &cloned);
    Ok(())
}

/// Goes down from a level; says which is the last, and what kept it from
/// going on.
fn descend(level: usize) -> (usize, Result<(), Errno>) {
    if level == 40 {
        return (level, Ok(()));
    }
    // A CLONE_VM child can simply return what it has found.
    sharing_memory(CloneFlags::CLONE_NEWPID, || descend(level + 1))
        .unwrap_or_else(|errno| (level, Err(errno)))
}
