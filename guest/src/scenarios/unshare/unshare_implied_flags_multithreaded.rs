use crate::scenarios::shared::*;

const EXPECTED: &str = "thread.single=ok thread.main=EINVAL thread.thread=EINVAL \
                        vm.single=ok vm.main=EINVAL vm.thread=EINVAL \
                        sighand.single=ok sighand.main=EINVAL sighand.thread=EINVAL \
                        all.single=ok all.main=EINVAL all.thread=EINVAL";

/// Nothing to unshare is fine; what threads share cannot be unshared.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare() of CLONE_THREAD, CLONE_VM, CLONE_SIGHAND and all three, which \
     CLONE_NEWPID once implied, with one thread and with two",
    probe,
    &[
        Claim::since(3, 2).shows(EXPECTED).because(
            "none of the three can be unshared, so each is refused to a process that shares memory \
             (mm_users > 1), and does nothing for any other",
        ),
        Claim::since(4, 3)
            .as_before()
            .shows(EXPECTED)
            .because("each is refused to a thread that has others beside it")
            .by(BY_THREAD_GROUP),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    for (name, flags) in IMPLIED_FLAGS {
        by_each_thread(
            facts,
            move || unshare(flags),
            |facts, who, unshared| facts.saw_result(format_args!("{name}.{who}"), unshared),
        )?;
    }
    Ok(())
}
