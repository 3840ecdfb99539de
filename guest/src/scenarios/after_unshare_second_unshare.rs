use super::after_unshare::after_unshare;
use super::history::{UNSHARE_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Once is enough, for a thread.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_second_unshare",
    summary: "unshare(CLONE_NEWPID) again, before the first child, with it and after it, and a \
              fork after that",
    probe,
    claims: &[
        no_unshare_yet(
            "unshare=EINVAL first.again=EINVAL first.child=outer \
             with_init.again=EINVAL with_init.child=outer \
             init_gone.again=EINVAL init_gone.child=outer",
        )
        .observed(versions!["3.2.4"]),
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
            .by(UNSHARE_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

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
