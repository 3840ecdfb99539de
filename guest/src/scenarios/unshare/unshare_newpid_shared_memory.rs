use crate::scenarios::shared::*;

const REFUSED: &str = "child=EINVAL child.child=outer vforked=EINVAL vforked.child=outer \
                       parent=EINVAL parent.child=outer";
const DONE: &str = "child=ok child.child=1 vforked=ok vforked.child=1 parent=ok parent.child=1";

/// The check counts the users of the memory, not threads.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWPID) in a process with one thread that shares its memory with \
     another process",
    probe,
    &[
        no_unshare_yet(REFUSED),
        Claim::since(3, 8)
            .as_before()
            .shows(REFUSED)
            .because(
                "CLONE_NEWPID implies CLONE_VM, and what unshare(2) asks is whether another \
                 task uses the memory (mm_users > 1), thread or not",
            )
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows(DONE)
            .because("CLONE_NEWPID implies nothing any more")
            .by(NO_IMPLIED_THREAD),
        Claim::since(4, 3)
            .as_before()
            .shows(DONE)
            .because(
                "what is asked is whether there are other threads; so 3.10.90 allows this too, \
                 though there CLONE_NEWPID implies CLONE_THREAD to the end",
            )
            .by(BY_THREAD_GROUP),
    ],
)
.vendors(&[
    EL7_UNSHARE.shows("child=ok child.child=1 vforked=ok vforked.child=1 parent=ok parent.child=1")
]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    unshare_sharing_memory(facts, CloneFlags::CLONE_NEWPID)
}
