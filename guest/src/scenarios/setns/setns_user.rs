use crate::scenarios::shared::*;

/// The threads of a process share one user namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a user namespace by the only thread, the main one and another",
    probe,
    &[
        no_user_to_join_yet(),
        Claim::since(3, 8)
            .shows("open=ok single=ok main=EINVAL thread=EINVAL")
            .because("userns_install() refuses shared memory (mm_users > 1), and so threads")
            .by(SETNS_USER),
        Claim::since(4, 3)
            .as_before()
            .shows("open=ok single=ok main=EINVAL thread=EINVAL")
            .because("it refuses a thread that has others beside it")
            .by(THREADS_ONLY),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    setns_by_each_thread(facts, "user", CloneFlags::CLONE_NEWUSER)
}
