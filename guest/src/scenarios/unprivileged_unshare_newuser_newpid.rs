use super::by_each_thread::by_each_thread;
use crate::probe::{
    Child, CloneFlags, become_ordinary_user, require, require_ordinary_user_namespaces, unshare,
};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// How an ordinary user gets a PID namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unprivileged_unshare_newuser_newpid",
    summary: "unshare(CLONE_NEWUSER | CLONE_NEWPID) by an ordinary user, by the only thread, the \
              main one and another, and a fork",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows(
                "single=EINVAL single.child=outer main=EINVAL main.child=outer \
                 thread=EINVAL thread.child=outer",
            )
            .because("unshare(2) knows no user namespaces yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(
                "single=ok single.child=1 main=EINVAL main.child=outer thread=EINVAL \
                 thread.child=outer",
            )
            .because(
                "the new user namespace comes first and gives the capability for the rest; \
                 CLONE_NEWUSER implies CLONE_THREAD to this day",
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
    require("pid")?;
    require_ordinary_user_namespaces()?;
    become_ordinary_user()?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID;
    let call = move || (unshare(flags), Child::fork());
    by_each_thread(facts, call, |facts, who, (unshared, child)| {
        facts.saw_result(who, unshared);
        facts.saw_child(format_args!("{who}.child"), child);
    })
}
