use super::history::{CLONE_PARENT, CLONE_PARENT_STABLE, UNSHARE_PID};
use crate::probe::{Child, CloneFlags, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The same check as `clone_newpid_parent`, of the other namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newuser_parent",
    summary: "clone(CLONE_NEWUSER | CLONE_PARENT)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("clone=ok clone.child=outer")
            .because(
                "to whoever has the capabilities it then takes, do_fork() refuses \
                 CLONE_NEWUSER only with CLONE_THREAD",
            )
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("clone=EINVAL")
            .because("do_fork() refuses CLONE_PARENT with either of CLONE_NEWPID and CLONE_NEWUSER")
            .by(UNSHARE_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12"
            ]),
        Claim::since(3, 13)
            .shows("clone=ok clone.child=outer")
            .because("only threads must share their user namespace")
            .by(CLONE_PARENT)
            .backported(CLONE_PARENT_STABLE)
            .observed(versions![
                "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "6.12.117", "7.3.4"
            ])
            .links(&["https://github.com/lxc/lxc/issues/185"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWUSER, "CONFIG_USER_NS")?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_PARENT;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
