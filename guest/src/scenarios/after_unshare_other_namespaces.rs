use super::history::{UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario};

/// The other kinds do not mind.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_other_namespaces",
    summary: "unshare() of CLONE_NEWUSER and of CLONE_NEWNS after unshare(CLONE_NEWPID), and a \
              fork",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL newuser=EINVAL newns=ok child=outer"),
        Claim::since(3, 8)
            .shows("unshare=ok newuser=ok newns=ok child=1")
            .because("the namespace for children stays as it is")
            .by(UNSHARE_PID),
    ],
};

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
