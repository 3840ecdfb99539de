use super::history::{UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The other kinds do not mind.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_other_namespaces",
    summary: "unshare() of CLONE_NEWUSER and of CLONE_NEWNS after unshare(CLONE_NEWPID), and a \
              fork",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL newuser=EINVAL newns=ok child=outer")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("unshare=ok newuser=ok newns=ok child=1")
            .because("the namespace for children stays as it is")
            .by(UNSHARE_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ]),
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
