use crate::scenarios::shared::*;

/// The errno shows in which order things are checked.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWPID) by an ordinary user, by the only thread, the main one and another",
    probe,
    &[
        no_unshare_yet("single=EINVAL main=EINVAL thread=EINVAL"),
        Claim::since(3, 8)
            .shows("single=EPERM main=EINVAL thread=EINVAL")
            .because("CLONE_NEWPID implies CLONE_THREAD, and flags are checked before capabilities")
            .by(UNSHARE_PID),
        Claim::since(3, 12)
            .shows("single=EPERM main=EPERM thread=EPERM")
            .because("CLONE_NEWPID no longer implies CLONE_THREAD; it takes CAP_SYS_ADMIN")
            .by(NO_IMPLIED_THREAD),
    ],
)
.vendors(&[EL7_UNSHARE.shows("single=EPERM main=EPERM thread=EPERM")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    become_ordinary_user()?;
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_NEWPID))
}
