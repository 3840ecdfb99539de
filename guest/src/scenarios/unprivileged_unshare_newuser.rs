use super::by_each_thread::succeeds_by_each_thread;
use crate::probe::{CloneFlags, become_ordinary_user, require_ordinary_user_namespaces, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The door for everybody, if the distribution leaves it open.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unprivileged_unshare_newuser",
    summary: "unshare(CLONE_NEWUSER) by an ordinary user, by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=EINVAL main=EINVAL thread=EINVAL")
            .because("unshare(2) knows no user namespaces yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("single=ok main=EINVAL thread=EINVAL")
            .because(
                "it takes no privilege, but CLONE_NEWUSER implies CLONE_THREAD, as the \
                 threads of a process have one user namespace",
            )
            .commit(
                "5eaf563e5329",
                "userns: Allow unprivileged users to create user namespaces.",
            )
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ])
            .links(&[
                "https://github.com/golang/go/issues/22283",
                "https://github.com/golang/go/issues/50098",
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_ordinary_user_namespaces()?;
    become_ordinary_user()?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWUSER))
}
