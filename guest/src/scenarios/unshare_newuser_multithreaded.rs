use super::by_each_thread::succeeds_by_each_thread;
use super::history::{BY_THREAD_GROUP, BY_THREAD_GROUP_STABLE, UNSHARE_USER};
use crate::probe::{CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario};

/// Unlike CLONE_NEWPID, CLONE_NEWUSER implies CLONE_THREAD to this day.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newuser_multithreaded",
    summary: "unshare(CLONE_NEWUSER) in a process with one thread, and by the main and by \
              another thread of two",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=EINVAL main=EINVAL thread=EINVAL")
            .because("unshare(2) knows no user namespaces yet; clone(2) does"),
        Claim::since(3, 8)
            .shows("single=ok main=EINVAL thread=EINVAL")
            .because(
                "the threads of a process stay in one user namespace: CLONE_NEWUSER implies \
                 CLONE_THREAD, which is refused to whoever shares memory (mm_users > 1)",
            )
            .by(UNSHARE_USER)
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
            .backported(BY_THREAD_GROUP_STABLE),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWUSER))
}
