use super::history::{BY_THREAD_GROUP, BY_THREAD_GROUP_STABLE};
use super::implied_flags::IMPLIED_FLAGS;
use crate::probe::{CloneFlags, in_a_process, sharing_memory, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Memory is shared, and neither threads nor signal handlers are: from 4.3 on
/// it makes a difference which flag it is.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_implied_flags_shared_memory",
    summary: "unshare() of CLONE_THREAD, CLONE_VM, CLONE_SIGHAND and all three in a process \
              with one thread that shares its memory with another process",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("thread=EINVAL vm=EINVAL sighand=EINVAL all=EINVAL")
            .because("each is refused to whoever shares memory (mm_users > 1)")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.11", "3.12", "3.13.11", "3.16"
            ]),
        Claim::since(4, 3)
            .shows("thread=ok vm=EINVAL sighand=ok all=EINVAL")
            .because(
                "CLONE_THREAD asks for other threads, CLONE_SIGHAND for others who share the \
                 signal handlers, and only CLONE_VM for others who share the memory",
            )
            .by(BY_THREAD_GROUP)
            .backported(BY_THREAD_GROUP_STABLE)
            .observed(versions![
                "3.10.108", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    for (name, flags) in IMPLIED_FLAGS {
        in_a_process(facts, |facts| {
            let unshared = sharing_memory(CloneFlags::empty(), || unshare(flags))?;
            facts.saw_result(name, &unshared);
            Ok(())
        })?;
    }
    Ok(())
}
