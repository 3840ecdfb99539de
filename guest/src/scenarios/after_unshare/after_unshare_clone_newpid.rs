use crate::scenarios::shared::*;

/// One namespace at a time.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWPID) after unshare(CLONE_NEWPID), before the first child, with it \
     and after it",
    probe,
    &[
        no_unshare_yet(
            "unshare=EINVAL first=ok first.child=1 with_init=ok with_init.child=1 \
             init_gone=ok init_gone.child=1",
        ),
        Claim::since(3, 8)
            .shows("unshare=ok first=EINVAL with_init=EINVAL init_gone=EINVAL")
            .because("a namespace is made within one's own, and the children's is another already")
            .by(NO_THREADS_AFTER),
        Claim::since(3, 12)
            .as_before()
            .shows("unshare=ok first=EINVAL with_init=EINVAL init_gone=EINVAL")
            .because("the same, asked where the namespace is made and no longer in clone(2)")
            .commit(
                "5167246a8ad6",
                "pidns: kill the unnecessary CLONE_NEWPID in copy_process()",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_unshare(facts, |facts, when| {
        let child = Child::clone(CloneFlags::CLONE_NEWPID);
        facts.saw_call(when, &child);
        child.map(Child::end).ok();
        Ok(())
    })
}
