use super::history::{
    BY_THREAD_GROUP, BY_THREAD_GROUP_STABLE, NO_IMPLIED_THREAD, UNSHARE_PID, no_unshare_yet,
};
use super::shared_memory::unshare_sharing_memory;
use crate::probe::{CloneFlags, require};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str = "child=EINVAL child.child=outer vforked=EINVAL vforked.child=outer \
                       parent=EINVAL parent.child=outer";
const DONE: &str = "child=ok child.child=1 vforked=ok vforked.child=1 parent=ok parent.child=1";

/// The check itself: it never asked for threads.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_shared_memory",
    summary: "unshare(CLONE_NEWPID) in a process with one thread that shares its memory with \
              another process",
    probe,
    claims: &[
        no_unshare_yet(REFUSED).observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(REFUSED)
            .because(
                "CLONE_NEWPID implies CLONE_VM, and what unshare(2) asks is whether anybody \
                 else uses the memory (mm_users > 1), thread or not",
            )
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.11"]),
        Claim::since(3, 12)
            .shows(DONE)
            .because("CLONE_NEWPID implies nothing any more")
            .by(NO_IMPLIED_THREAD)
            .observed(versions!["3.12", "3.13.11", "3.16"]),
        Claim::since(4, 3)
            .shows(DONE)
            .because(
                "what is asked is whether there are other threads; so 3.10.90 allows this too, \
                 though there CLONE_NEWPID implies CLONE_THREAD to the end",
            )
            .by(BY_THREAD_GROUP)
            .backported(BY_THREAD_GROUP_STABLE)
            .observed(versions![
                "3.10.108", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117",
                "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    unshare_sharing_memory(facts, CloneFlags::CLONE_NEWPID)
}
