use crate::scenarios::shared::*;

/// What every user may do, if the distribution allows it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWUSER) by an ordinary user, by the only thread, the main one and another",
    probe,
    &[
        no_user_unshare_yet("single=EINVAL main=EINVAL thread=EINVAL"),
        Claim::since(3, 8)
            .shows("single=ok main=EINVAL thread=EINVAL")
            .because(
                "it takes no privilege, but CLONE_NEWUSER implies CLONE_THREAD, as the \
                 threads of a process have one user namespace",
            )
            .by(USER_UNPRIVILEGED)
            .links(&[
                "https://github.com/golang/go/issues/22283",
                "https://github.com/golang/go/issues/50098",
            ]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_ordinary_user_namespaces()?;
    become_ordinary_user()?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWUSER))
}
