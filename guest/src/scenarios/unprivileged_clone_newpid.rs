use super::history::{CLONE_PARENT, CLONE_PARENT_STABLE, UNSHARE_PID};
use crate::probe::{Child, CloneFlags, become_ordinary_user, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The order of checks, once more.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unprivileged_clone_newpid",
    summary: "clone(CLONE_NEWPID) by an ordinary user, alone and with CLONE_PARENT",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("clone=EPERM with_parent=EPERM")
            .because(
                "copy_namespaces() asks for CAP_SYS_ADMIN, then copy_pid_ns() refuses \
                 CLONE_PARENT",
            )
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("clone=EPERM with_parent=EINVAL")
            .because("do_fork() refuses CLONE_NEWPID with CLONE_PARENT before anything is asked")
            .by(UNSHARE_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12"
            ]),
        Claim::since(3, 13)
            .shows("clone=EPERM with_parent=EPERM")
            .because("nobody refuses CLONE_PARENT")
            .by(CLONE_PARENT)
            .backported(CLONE_PARENT_STABLE)
            .observed(versions![
                "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    become_ordinary_user()?;
    let flag = CloneFlags::CLONE_NEWPID;
    facts.saw_call("clone", &Child::clone(flag));
    let flags = flag | CloneFlags::CLONE_PARENT;
    facts.saw_call("with_parent", &Child::clone(flags));
    Ok(())
}
