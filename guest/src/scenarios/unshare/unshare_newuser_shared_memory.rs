use crate::scenarios::shared::*;

const REFUSED: &str = "child=EINVAL child.child=outer vforked=EINVAL vforked.child=outer \
                       parent=EINVAL parent.child=outer";

/// CLONE_NEWUSER is refused where CLONE_NEWPID was, until 4.3.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWUSER) in a process with one thread that shares its memory with \
     another process",
    probe,
    &[
        no_user_unshare_yet(REFUSED),
        Claim::since(3, 8)
            .as_before()
            .shows(REFUSED)
            .because(
                "CLONE_NEWUSER implies CLONE_THREAD and so CLONE_VM, and what unshare(2) asks \
                 is whether another task uses the memory (mm_users > 1)",
            )
            .by(UNSHARE_USER),
        Claim::since(4, 3)
            .shows(
                "child=ok child.child=outer vforked=ok vforked.child=outer \
                 parent=ok parent.child=outer",
            )
            .because("CLONE_THREAD asks whether there are other threads, and there are none")
            .by(BY_THREAD_GROUP)
            .links(&["https://github.com/opencontainers/runc/pull/3705"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    unshare_sharing_memory(facts, CloneFlags::CLONE_NEWUSER)
}
