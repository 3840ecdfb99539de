use crate::scenarios::shared::*;

/// Unlike CLONE_NEWPID, CLONE_NEWUSER implies CLONE_THREAD to this day.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWUSER) in a process with one thread, and by the main and by \
     another thread of two",
    probe,
    &[
        no_user_unshare_yet("single=EINVAL main=EINVAL thread=EINVAL"),
        Claim::since(3, 8)
            .shows("single=ok main=EINVAL thread=EINVAL")
            .because(
                "the threads of a process stay in one user namespace: CLONE_NEWUSER implies \
                 CLONE_THREAD, which is refused to a process that shares memory (mm_users > 1)",
            )
            .by(UNSHARE_USER)
            .links(&[
                "https://github.com/golang/go/issues/22283",
                "https://github.com/golang/go/issues/48895",
                "https://github.com/golang/go/issues/50098",
                "https://github.com/Symantec/Dominator/pull/11",
            ]),
        Claim::since(4, 3)
            .as_before()
            .shows("single=ok main=EINVAL thread=EINVAL")
            .because("CLONE_THREAD is refused to a thread that has others beside it")
            .by(BY_THREAD_GROUP),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWUSER))
}
