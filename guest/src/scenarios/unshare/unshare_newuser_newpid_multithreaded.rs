use crate::scenarios::shared::*;

const REFUSED: &str =
    "single=ok single.child=1 main=EINVAL main.child=outer thread=EINVAL thread.child=outer";

/// What containers without root do.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWUSER | CLONE_NEWPID) in a process with one thread, and by the \
     main and by another thread of two",
    probe,
    &[
        Claim::since(3, 2)
            .shows(
                "single=EINVAL single.child=outer main=EINVAL main.child=outer \
                 thread=EINVAL thread.child=outer",
            )
            .because("unshare(2) knows neither flag yet; clone(2) does"),
        Claim::since(3, 8)
            .shows(REFUSED)
            .because(
                "either flag implies CLONE_THREAD until 3.12, CLONE_NEWUSER goes on doing so, \
                 and that is refused to a process that shares memory (mm_users > 1)",
            )
            .by(UNSHARE_USER),
        Claim::since(4, 3)
            .as_before()
            .shows(REFUSED)
            .because(
                "CLONE_NEWUSER implies CLONE_THREAD, refused to a thread that has others beside it",
            )
            .by(BY_THREAD_GROUP),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    require("user")?;
    let both = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID;
    unshare_and_fork_by_each_thread(facts, both)
}
