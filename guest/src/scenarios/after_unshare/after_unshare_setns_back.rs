use crate::scenarios::shared::*;

/// After unshare(2), a process can join its own namespace again, and unshare again.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "after unshare(CLONE_NEWPID), setns() to one's own PID namespace, fork, start a \
     thread, unshare again and fork",
    probe,
    &[
        no_unshare_yet(
            "unshare=EINVAL setns=ENOENT child=outer create_thread=ok \
             unshare_again=EINVAL child_again=outer",
        ),
        Claim::since(3, 8)
            .shows(
                "unshare=ok setns=ok child=outer create_thread=ok \
                 unshare_again=ok child_again=1",
            )
            .because("what has been unshared is given up for one's own, as if nothing had been")
            .by(SETNS_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let own = Namespaces::own().open("pid");
    let back = own.and_then(|own| setns(own, CloneFlags::CLONE_NEWPID));
    facts.saw_result("setns", &back);
    facts.saw_child("child", &Child::fork());
    facts.saw_result("create_thread", &create_thread());
    let again = unshare(CloneFlags::CLONE_NEWPID);
    facts.saw_result("unshare_again", &again);
    facts.saw_child("child_again", &Child::fork());
    Ok(())
}
