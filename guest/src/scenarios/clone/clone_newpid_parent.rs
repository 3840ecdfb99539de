use crate::scenarios::shared::*;

/// Container tools that joined a namespace wanted their helper to be a sibling.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWPID | CLONE_PARENT)",
    probe,
    &[
        Claim::since(3, 2).shows("clone=EINVAL").because(
            "copy_pid_ns() refuses CLONE_NEWPID with CLONE_PARENT, and from 3.8 on \
                 do_fork() does so first; 3.12.0 only gathers the checks in copy_process()",
        ),
        Claim::since(3, 13)
            .shows("clone=ok clone.child=1")
            .because(
                "nothing speaks against a sibling that is the init of a new PID namespace: \
                 only threads must share theirs",
            )
            .by(CLONE_PARENT)
            .links(&[
                "https://github.com/NixOS/nix/issues/453",
                "https://github.com/lxc/lxc/issues/185",
            ]),
    ],
)
.vendors(&[EL7_SIBLING.shows("clone=ok clone.child=1")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_PARENT;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
