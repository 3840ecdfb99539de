use crate::scenarios::shared::*;

/// vfork(2) shares memory, and that was too much until 3.12.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "vfork() after unshare(CLONE_NEWPID), before the first child, with it and after it, \
     and fork() after that",
    probe,
    &[
        no_unshare_yet(
            "unshare=EINVAL first.vfork=ok first.vfork.child=outer \
             with_init.vfork=ok with_init.vfork.child=outer with_init.fork=outer \
             init_gone.vfork=ok init_gone.vfork.child=outer",
        ),
        Claim::since(3, 8)
            .shows(
                "unshare=ok first.vfork=EINVAL with_init.vfork=EINVAL with_init.fork=2 \
                 init_gone.vfork=EINVAL",
            )
            .because("whatever shares memory is refused, to keep threads out")
            .by(NO_THREADS_AFTER),
        Claim::since(3, 12)
            .shows(
                "unshare=ok first.vfork=ok first.vfork.child=1 \
                 with_init.vfork=ok with_init.vfork.child=2 with_init.fork=3 \
                 init_gone.vfork=ENOMEM",
            )
            .because("signal handlers may not be shared, memory may: vfork(2) is like fork(2)")
            .by(VFORK_AFTER),
    ],
)
.vendors(&[EL7_SHARED_MEMORY.shows(
    "unshare=ok first.vfork=ok first.vfork.child=1 with_init.vfork=ok with_init.vfork.child=2 \
     with_init.fork=3 init_gone.vfork=ENOMEM",
)]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_unshare(facts, |facts, when| {
        let child = Child::vfork();
        facts.saw_call(&format!("{when}.vfork"), &child);
        child.map(Child::end).ok();
        if when == "with_init" {
            let child = Child::fork();
            facts.saw_child("with_init.fork", &child);
            child?.end()?;
        }
        Ok(())
    })
}
