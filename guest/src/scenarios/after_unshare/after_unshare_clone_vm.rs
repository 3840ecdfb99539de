use crate::scenarios::shared::*;

/// As vfork(2), without waiting for the child.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_VM) after unshare(CLONE_NEWPID), before the first child, with it and \
     after it",
    probe,
    &[
        no_unshare_yet(
            "unshare=EINVAL first=ok first.child=outer with_init=ok with_init.child=outer \
             init_gone=ok init_gone.child=outer",
        ),
        Claim::since(3, 8)
            .shows("unshare=ok first=EINVAL with_init=EINVAL init_gone=EINVAL")
            .because("whatever shares memory is refused, to keep threads out")
            .by(NO_THREADS_AFTER),
        Claim::since(3, 12)
            .shows(
                "unshare=ok first=ok first.child=1 with_init=ok with_init.child=2 \
                 init_gone=ENOMEM",
            )
            .because("signal handlers may not be shared, memory may")
            .by(VFORK_AFTER),
    ],
)
.vendors(&[EL7_SHARED_MEMORY
    .shows("unshare=ok first=ok first.child=1 with_init=ok with_init.child=2 init_gone=ENOMEM")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_unshare(facts, |facts, when| {
        let child = Child::clone(CloneFlags::CLONE_VM);
        facts.saw_call(when, &child);
        child.map(Child::end).ok();
        Ok(())
    })
}
