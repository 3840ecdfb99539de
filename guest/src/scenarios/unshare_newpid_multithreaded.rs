use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Worker, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// What this project began with: every Go program is multi-threaded, and got
/// EINVAL on 3.10.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_multithreaded",
    summary: "unshare(CLONE_NEWPID) in a process that has a second thread",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL child=outer").observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("unshare=EINVAL child=outer")
            .because(
                "CLONE_NEWPID implies CLONE_THREAD and so CLONE_VM, which unshare(2) refuses \
                 to whoever shares memory (mm_users > 1), as threads do",
            )
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows("unshare=ok child=1")
            .because(
                "CLONE_NEWPID no longer implies CLONE_THREAD: one thread of several may \
                 unshare, for its own children",
            )
            .by(NO_IMPLIED_THREAD)
            .observed(versions![
                "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "6.12.117", "7.3.4"
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
