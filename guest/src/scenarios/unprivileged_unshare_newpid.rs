use super::by_each_thread::succeeds_by_each_thread;
use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID};
use crate::probe::{CloneFlags, become_ordinary_user, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// In which order things are checked shows in the errno.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unprivileged_unshare_newpid",
    summary: "unshare(CLONE_NEWPID) by an ordinary user, by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=EINVAL main=EINVAL thread=EINVAL")
            .because("unshare(2) knows no PID namespaces yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("single=EPERM main=EINVAL thread=EINVAL")
            .because("CLONE_NEWPID implies CLONE_THREAD, and flags are checked before capabilities")
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows("single=EPERM main=EPERM thread=EPERM")
            .because("CLONE_NEWPID no longer implies CLONE_THREAD; it takes CAP_SYS_ADMIN")
            .by(NO_IMPLIED_THREAD)
            .observed(versions![
                "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    become_ordinary_user()?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWPID))
}
