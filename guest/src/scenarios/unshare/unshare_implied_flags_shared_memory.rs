use crate::scenarios::shared::*;

/// Memory is shared, and neither threads nor signal handlers are: from 4.3 on
/// it makes a difference which flag it is.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare() of CLONE_THREAD, CLONE_VM, CLONE_SIGHAND and all three in a process \
     with one thread that shares its memory with another process",
    probe,
    &[
        Claim::since(3, 2)
            .shows("thread=EINVAL vm=EINVAL sighand=EINVAL all=EINVAL")
            .because("each is refused to a process that shares memory (mm_users > 1)"),
        Claim::since(4, 3)
            .shows("thread=ok vm=EINVAL sighand=ok all=EINVAL")
            .because(
                "CLONE_THREAD asks for other threads, CLONE_SIGHAND for others who share the \
                 signal handlers, and only CLONE_VM for others who share the memory",
            )
            .by(BY_THREAD_GROUP),
    ],
)
.vendors(&[EL7
    .shows("thread=ok vm=EINVAL sighand=ok all=EINVAL")
    .because("unshare(2) asks for other threads, as since 4.3")]);

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
