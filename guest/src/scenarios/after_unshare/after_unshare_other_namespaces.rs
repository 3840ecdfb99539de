use crate::scenarios::shared::*;

/// Other kinds of namespaces can still be unshared.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare() of CLONE_NEWUSER and of CLONE_NEWNS after unshare(CLONE_NEWPID), and a \
     fork",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL newuser=EINVAL newns=ok child=outer"),
        Claim::since(3, 8)
            .shows("unshare=ok newuser=ok newns=ok child=1")
            .because("the namespace for children stays as it is")
            .by(UNSHARE_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    require("user")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    facts.saw_result("newuser", &unshare(CloneFlags::CLONE_NEWUSER));
    facts.saw_result("newns", &unshare(CloneFlags::CLONE_NEWNS));
    let child = Child::fork();
    facts.saw_child("child", &child);
    child?.end()?;
    Ok(())
}
