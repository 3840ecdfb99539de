use super::history::{UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The plain case, which every kernel since 3.8 serves.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_single_threaded",
    summary: "unshare(CLONE_NEWPID) in a process with one thread",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL child=outer").observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("unshare=ok child=1")
            .because("the caller's children go to a new PID namespace, the first as its init")
            .by(UNSHARE_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let child = Child::fork()?;
    facts.saw("child", child.sees());
    child.end()?;
    Ok(())
}
