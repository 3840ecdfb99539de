use super::by_each_thread::succeeds_by_each_thread;
use super::history::{BY_THREAD_GROUP, BY_THREAD_GROUP_STABLE, UNSHARE_USER};
use crate::probe::{CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Unlike CLONE_NEWPID, CLONE_NEWUSER implies CLONE_THREAD to this day.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newuser_multithreaded",
    summary: "unshare(CLONE_NEWUSER) in a process with one thread, and by the main and by \
              another thread of two",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=EINVAL main=EINVAL thread=EINVAL")
            .because("unshare(2) knows no user namespaces yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("single=ok main=EINVAL thread=EINVAL")
            .because(
                "the threads of a process stay in one user namespace: CLONE_NEWUSER implies \
                 CLONE_THREAD, which is refused to whoever shares memory (mm_users > 1)",
            )
            .by(UNSHARE_USER)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.11", "3.12", "3.13.11", "3.16"
            ])
            .links(&[
                "https://github.com/golang/go/issues/22283",
                "https://github.com/golang/go/issues/48895",
                "https://github.com/golang/go/issues/50098",
                "https://github.com/Symantec/Dominator/pull/11",
            ]),
        Claim::since(4, 3)
            .shows("single=ok main=EINVAL thread=EINVAL")
            .because("CLONE_THREAD is refused to whoever has other threads")
            .by(BY_THREAD_GROUP)
            .backported(BY_THREAD_GROUP_STABLE)
            .observed(versions![
                "3.10.108", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117",
                "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWUSER))
}
