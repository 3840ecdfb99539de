use crate::scenarios::shared::*;

/// The usual pair: a mount namespace for the `/proc` of the PID namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWPID | CLONE_NEWNS) by the only thread, the main one and another, and \
     a fork",
    probe,
    &[
        Claim::since(3, 2)
            .shows(
                "single=EINVAL single.child=outer main=EINVAL main.child=outer \
                 thread=EINVAL thread.child=outer",
            )
            .because("unshare(2) knows no PID namespaces yet; clone(2) does"),
        Claim::since(3, 8)
            .shows(
                "single=ok single.child=1 main=EINVAL main.child=outer thread=EINVAL \
                 thread.child=outer",
            )
            .because(
                "CLONE_NEWPID implies CLONE_THREAD, which a multi-threaded process is \
                 refused, whatever else it asks for",
            )
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows("single=ok single.child=1 main=ok main.child=1 thread=ok thread.child=1")
            .because("CLONE_NEWPID no longer implies CLONE_THREAD")
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[
    EL7_UNSHARE.shows("single=ok single.child=1 main=ok main.child=1 thread=ok thread.child=1")
]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
    unshare_and_fork_by_each_thread(facts, flags)
}
