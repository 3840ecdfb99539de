use super::history::{CLONE_PARENT, CLONE_PARENT_STABLE};
use crate::probe::{Child, CloneFlags, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Container tools that joined a namespace wanted their helper to be a sibling.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newpid_parent",
    summary: "clone(CLONE_NEWPID | CLONE_PARENT)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("clone=EINVAL")
            .because(
                "copy_pid_ns() refuses CLONE_NEWPID with CLONE_PARENT, and from 3.8 on \
                 do_fork() does so first; 3.12.0 only gathers the checks in copy_process()",
            )
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12"
            ]),
        Claim::since(3, 13)
            .shows("clone=ok clone.child=1")
            .because(
                "nothing speaks against a sibling that is the init of a new PID namespace: \
                 only threads must share theirs",
            )
            .by(CLONE_PARENT)
            .backported(CLONE_PARENT_STABLE)
            .observed(versions![
                "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "6.12.117", "7.3.4"
            ])
            .links(&[
                "https://github.com/NixOS/nix/issues/453",
                "https://github.com/lxc/lxc/issues/185",
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_PARENT;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
