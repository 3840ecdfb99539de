use super::by_each_thread::by_each_thread;
use super::history::{BY_THREAD_GROUP, BY_THREAD_GROUP_STABLE};
use super::implied_flags::IMPLIED_FLAGS;
use crate::probe::unshare;
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const EXPECTED: &str = "thread.single=ok thread.main=EINVAL thread.thread=EINVAL \
                        vm.single=ok vm.main=EINVAL vm.thread=EINVAL \
                        sighand.single=ok sighand.main=EINVAL sighand.thread=EINVAL \
                        all.single=ok all.main=EINVAL all.thread=EINVAL";

/// Nothing to unshare is fine; what threads share cannot be unshared.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_implied_flags_multithreaded",
    summary: "unshare() of CLONE_THREAD, CLONE_VM, CLONE_SIGHAND and all three, which \
              CLONE_NEWPID once implied, with one thread and with two",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows(EXPECTED)
            .because(
                "none of the three can be unshared, so each is refused to whoever shares memory \
             (mm_users > 1), and does nothing for anybody else",
            )
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.11", "3.12", "3.13.11", "3.16"
            ]),
        Claim::since(4, 3)
            .shows(EXPECTED)
            .because("each is refused to whoever has other threads")
            .by(BY_THREAD_GROUP)
            .backported(BY_THREAD_GROUP_STABLE)
            .observed(versions![
                "3.10.108", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117",
                "7.3.4"
            ]),
    ],
};

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
