use crate::scenarios::shared::*;

/// How many PID namespaces may be inside one another, and the errno beyond that.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWPID) and a fork, inside one another until it fails",
    probe,
    &[
        no_unshare_yet("levels=0 unshare=EINVAL"),
        Claim::since(3, 8)
            .shows("levels=32 unshare=EINVAL")
            .because(
                "a struct pid has a number for each level and is to fit into a page, so \
                 there are 32 below the first namespace; the errno is the one of wrong flags",
            )
            .by(UNSHARE_PID),
        Claim::since(4, 9)
            .shows("levels=32 unshare=ENOSPC")
            .because("limits are reported as such")
            .by(LIMIT_IS_ENOSPC)
            .links(&[
                "https://github.com/containers/bubblewrap/issues/371",
                "https://github.com/containers/bubblewrap/issues/465",
            ]),
    ],
)
.not_on_a_host("it counts from the first PID namespace, and this is one further in")
.vendors(&[EL7_LIMIT.shows("levels=32 unshare=ENOSPC")]);

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
