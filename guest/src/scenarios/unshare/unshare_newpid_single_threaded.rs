use crate::scenarios::shared::*;

/// The plain case, which works on every kernel since 3.8.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWPID) in a process with one thread",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL child=outer"),
        Claim::since(3, 8)
            .shows("unshare=ok child=1")
            .because("the caller's children go to a new PID namespace, the first as its init")
            .by(UNSHARE_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let child = Child::fork()?;
    facts.saw("child", child.sees());
    child.end()?;
    Ok(())
}
