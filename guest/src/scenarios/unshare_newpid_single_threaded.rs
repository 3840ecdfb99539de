use super::history::{UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, Version};

/// The plain case, which every kernel since 3.8 serves.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_single_threaded",
    summary: "unshare(CLONE_NEWPID) in a process with one thread",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL child=outer"),
        Claim::since(3, 8)
            .shows("unshare=ok child=1")
            .because("the caller's children go to a new PID namespace, the first as its init")
            .by(UNSHARE_PID)
            .observed(&[
                Version::point(3, 10, 4),
                Version::new(3, 12),
                Version::point(5, 10, 223),
                Version::point(6, 1, 176),
                Version::point(6, 12, 117),
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
