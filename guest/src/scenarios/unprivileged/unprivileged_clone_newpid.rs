use crate::scenarios::shared::*;

/// The errno shows which check comes first.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWPID) by an ordinary user, alone and with CLONE_PARENT",
    probe,
    &[
        Claim::since(3, 2)
            .shows("clone=EPERM with_parent=EPERM")
            .because(
                "copy_namespaces() asks for CAP_SYS_ADMIN, then copy_pid_ns() refuses \
                 CLONE_PARENT",
            ),
        Claim::since(3, 8)
            .shows("clone=EPERM with_parent=EINVAL")
            .because("do_fork() refuses CLONE_NEWPID with CLONE_PARENT before anything is asked")
            .by(UNSHARE_PID),
        Claim::since(3, 13)
            .shows("clone=EPERM with_parent=EPERM")
            .because("CLONE_PARENT is no longer refused")
            .by(CLONE_PARENT),
    ],
)
.vendors(&[EL7_SIBLING.shows("clone=EPERM with_parent=EPERM")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    become_ordinary_user()?;
    let flag = CloneFlags::CLONE_NEWPID;
    facts.saw_call("clone", &Child::clone(flag));
    let flags = flag | CloneFlags::CLONE_PARENT;
    facts.saw_call("with_parent", &Child::clone(flags));
    Ok(())
}
