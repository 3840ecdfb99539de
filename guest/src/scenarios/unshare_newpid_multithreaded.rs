use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Worker, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, Version};

/// What this project began with: every Go program is multi-threaded, and got
/// EINVAL on 3.10.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_multithreaded",
    summary: "unshare(CLONE_NEWPID) in a process that has a second thread",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL child=outer"),
        Claim::since(3, 8)
            .shows("unshare=EINVAL child=outer")
            .because(
                "CLONE_NEWPID implies CLONE_THREAD and so CLONE_VM, which unshare(2) refuses \
                 to whoever shares memory (mm_users > 1), as threads do",
            )
            .by(UNSHARE_PID)
            .observed(&[Version::point(3, 10, 4)]),
        Claim::since(3, 12)
            .shows("unshare=ok child=1")
            .because(
                "CLONE_NEWPID no longer implies CLONE_THREAD: one thread of several may \
                 unshare, for its own children",
            )
            .by(NO_IMPLIED_THREAD)
            .observed(&[
                Version::new(3, 12),
                Version::point(5, 10, 223),
                Version::point(6, 1, 176),
                Version::point(6, 12, 117),
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let _second_thread = Worker::start()?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let child = Child::fork()?;
    facts.saw("child", child.sees());
    child.end()?;
    Ok(())
}
