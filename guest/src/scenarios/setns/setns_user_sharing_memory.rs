use crate::scenarios::shared::*;

/// How far the check for threads went beyond threads.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a user namespace by a process with one thread that shares its memory with \
     another",
    probe,
    &[
        no_user_to_join_yet(),
        Claim::since(3, 8)
            .shows("open=ok setns=EINVAL")
            .because("userns_install() takes shared memory (mm_users > 1) for threads")
            .by(SETNS_USER),
        Claim::since(4, 3)
            .shows("open=ok setns=ok")
            .because("it asks for threads")
            .by(THREADS_ONLY),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    let flag = CloneFlags::CLONE_NEWUSER;
    let Some((_child, namespace)) = another_namespace(facts, "user", flag)? else {
        return Ok(());
    };
    let joined = sharing_memory(CloneFlags::empty(), || setns(namespace, flag))?;
    facts.saw_result("setns", &joined);
    Ok(())
}
