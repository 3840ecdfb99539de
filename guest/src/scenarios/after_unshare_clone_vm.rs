use super::after_unshare::after_unshare;
use super::history::{NO_THREADS_AFTER, VFORK_AFTER, VFORK_AFTER_STABLE, no_unshare_yet};
use crate::probe::{Child, CloneFlags};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// As vfork(2), without waiting for the child.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_clone_vm",
    summary: "clone(CLONE_VM) after unshare(CLONE_NEWPID), before the first child, with it and \
              after it",
    probe,
    claims: &[
        no_unshare_yet(
            "unshare=EINVAL first=ok first.child=outer with_init=ok with_init.child=outer \
             init_gone=ok init_gone.child=outer",
        )
        .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("unshare=ok first=EINVAL with_init=EINVAL init_gone=EINVAL")
            .because("whatever shares memory is refused, to keep threads out")
            .by(NO_THREADS_AFTER)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.11"]),
        Claim::since(3, 12)
            .shows(
                "unshare=ok first=ok first.child=1 with_init=ok with_init.child=2 \
                 init_gone=ENOMEM",
            )
            .because("signal handlers may not be shared, memory may")
            .by(VFORK_AFTER)
            .backported(VFORK_AFTER_STABLE)
            .observed(versions![
                "3.10.108", "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223",
                "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_unshare(facts, |facts, when| {
        let child = Child::clone(CloneFlags::CLONE_VM);
        facts.saw_call(when, &child);
        child.map(Child::end).ok();
        Ok(())
    })
}
