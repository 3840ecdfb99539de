use super::after_unshare::after_unshare;
use super::history::{NO_THREADS_AFTER, no_unshare_yet};
use crate::probe::{Child, CloneFlags};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// One namespace at a time.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_clone_newpid",
    summary: "clone(CLONE_NEWPID) after unshare(CLONE_NEWPID), before the first child, with it \
              and after it",
    probe,
    claims: &[
        no_unshare_yet(
            "unshare=EINVAL first=ok first.child=1 with_init=ok with_init.child=1 \
             init_gone=ok init_gone.child=1",
        )
        .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("unshare=ok first=EINVAL with_init=EINVAL init_gone=EINVAL")
            .because("a namespace is made within one's own, and the children's is another already")
            .by(NO_THREADS_AFTER)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows("unshare=ok first=EINVAL with_init=EINVAL init_gone=EINVAL")
            .because("the same, asked where the namespace is made and no longer in clone(2)")
            .commit(
                "5167246a8ad6",
                "pidns: kill the unnecessary CLONE_NEWPID in copy_process()",
            )
            .observed(versions![
                "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_unshare(facts, |facts, when| {
        let child = Child::clone(CloneFlags::CLONE_NEWPID);
        facts.saw_call(when, &child);
        child.map(Child::end).ok();
        Ok(())
    })
}
