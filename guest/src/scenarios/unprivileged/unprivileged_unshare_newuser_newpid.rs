use crate::scenarios::shared::*;

/// How an ordinary user gets a PID namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWUSER | CLONE_NEWPID) by an ordinary user, by the only thread, the \
     main one and another, and a fork",
    probe,
    &[
        Claim::since(3, 2)
            .shows(
                "single=EINVAL single.child=outer main=EINVAL main.child=outer \
                 thread=EINVAL thread.child=outer",
            )
            .because("unshare(2) knows no user namespaces yet; clone(2) does"),
        Claim::since(3, 8)
            .shows(
                "single=ok single.child=1 main=EINVAL main.child=outer thread=EINVAL \
                 thread.child=outer",
            )
            .because(
                "the new user namespace comes first and gives the capability for the rest; \
                 CLONE_NEWUSER implies CLONE_THREAD to this day",
            )
            .by(USER_UNPRIVILEGED)
            .links(&[
                "https://github.com/golang/go/issues/22283",
                "https://github.com/golang/go/issues/50098",
            ]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    require_ordinary_user_namespaces()?;
    become_ordinary_user()?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID;
    unshare_and_fork_by_each_thread(facts, flags)
}
