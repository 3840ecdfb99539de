use super::history::{BY_THREAD_GROUP, BY_THREAD_GROUP_STABLE, UNSHARE_USER};
use super::shared_memory::unshare_sharing_memory;
use crate::probe::{CloneFlags, require};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str = "child=EINVAL child.child=outer vforked=EINVAL vforked.child=outer \
                       parent=EINVAL parent.child=outer";

/// CLONE_NEWUSER in the same place as CLONE_NEWPID. It waited until 4.3.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newuser_shared_memory",
    summary: "unshare(CLONE_NEWUSER) in a process with one thread that shares its memory with \
              another process",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows(REFUSED)
            .because("unshare(2) knows no user namespaces yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(REFUSED)
            .because(
                "CLONE_NEWUSER implies CLONE_THREAD and so CLONE_VM, and what unshare(2) asks \
                 is whether anybody else uses the memory (mm_users > 1)",
            )
            .by(UNSHARE_USER)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.11", "3.12", "3.13.11", "3.16"
            ]),
        Claim::since(4, 3)
            .shows(
                "child=ok child.child=outer vforked=ok vforked.child=outer \
                 parent=ok parent.child=outer",
            )
            .because("CLONE_THREAD asks whether there are other threads, and there are none")
            .by(BY_THREAD_GROUP)
            .backported(BY_THREAD_GROUP_STABLE)
            .observed(versions![
                "3.10.108", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ])
            .links(&["https://github.com/opencontainers/runc/pull/3705"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    unshare_sharing_memory(facts, CloneFlags::CLONE_NEWUSER)
}
