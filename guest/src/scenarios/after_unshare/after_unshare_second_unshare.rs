use crate::scenarios::shared::*;

/// A thread can unshare CLONE_NEWPID once.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWPID) again, before the first child, with it and after it, and a \
     fork after that",
    probe,
    &[
        no_unshare_yet(
            "unshare=EINVAL first.again=EINVAL first.child=outer \
             with_init.again=EINVAL with_init.child=outer \
             init_gone.again=EINVAL init_gone.child=outer",
        ),
        Claim::since(3, 8)
            .shows(
                "unshare=ok first.again=EINVAL first.child=1 \
                 with_init.again=EINVAL with_init.child=2 \
                 init_gone.again=EINVAL init_gone.child=fork:ENOMEM",
            )
            .because(
                "a namespace is made within one's own, and the children's is another already: \
                 it stays, dead or alive",
            )
            .by(UNSHARE_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_unshare(facts, |facts, when| {
        let again = unshare(CloneFlags::CLONE_NEWPID);
        facts.saw_result(format_args!("{when}.again"), &again);
        let child = Child::fork();
        facts.saw_child(format_args!("{when}.child"), &child);
        child.map(Child::end).ok();
        Ok(())
    })
}
