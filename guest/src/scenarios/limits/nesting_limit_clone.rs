use crate::scenarios::shared::*;

/// The limit is older than unshare(CLONE_NEWPID), but not as old as clone(2).
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWPID), inside one another until it fails, at most 40 times",
    probe,
    &[
        Claim::since(3, 2)
            .shows("levels=40 clone=ok")
            .because("memory is the only limit"),
        Claim::since(3, 7)
            .shows("levels=32 clone=EINVAL")
            .because(
                "a struct pid has a number for each level and is to fit into a page, so \
                 there are 32 below the first namespace; the errno is the one of wrong flags",
            )
            .commit(
                "f2302505775f",
                "pidns: limit the nesting depth of pid namespaces",
            ),
        Claim::since(4, 9)
            .shows("levels=32 clone=ENOSPC")
            .because("limits are reported as such")
            .by(LIMIT_IS_ENOSPC)
            .links(&[
                "https://github.com/containers/bubblewrap/issues/371",
                "https://github.com/containers/bubblewrap/issues/465",
            ]),
    ],
)
.not_on_a_host("it counts from the first PID namespace, and this is one further in")
.vendors(&[EL7_LIMIT.shows("levels=32 clone=ENOSPC")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    let (levels, cloned) = descend(0);
    facts.saw("levels", levels);
    facts.saw_result("clone", &cloned);
    Ok(())
}

/// Goes down from a level; returns the last level, and what stopped it there.
fn descend(level: usize) -> (usize, Result<(), Errno>) {
    if level == 40 {
        return (level, Ok(()));
    }
    // A CLONE_VM child can simply return what it has found.
    sharing_memory(CloneFlags::CLONE_NEWPID, || descend(level + 1))
        .unwrap_or_else(|errno| (level, Err(errno)))
}
