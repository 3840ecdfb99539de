use nix::sys::wait::WaitPidFlag;

use crate::scenarios::shared::*;

/// The parent's namespace has power over init, but not all.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "SIGTERM, SIGSTOP and SIGKILL to a namespace's init, from its parent",
    probe,
    &[Claim::since(3, 2)
        .shows(
            "sigterm=ok sigterm.init=survived sigstop=ok sigstop.init=stopped \
             sigkill=ok sigkill.init=killed:9",
        )
        .because(
            "init is spared signals that it has no handler for, except SIGKILL and \
             SIGSTOP from an outer namespace",
        )],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    let init = || Child::clone(CloneFlags::CLONE_NEWPID);

    let child = init()?;
    facts.saw_result("sigterm", &kill(child.pid(), Signal::SIGTERM));
    // It exits as it is told only if it has not been killed before.
    match child.end()? {
        WaitStatus::Exited(..) => facts.saw("sigterm.init", "survived"),
        end => facts.saw_end("sigterm.init", end),
    }

    let child = init()?;
    facts.saw_result("sigstop", &kill(child.pid(), Signal::SIGSTOP));
    match waitpid(child.pid(), Some(WaitPidFlag::WUNTRACED))? {
        WaitStatus::Stopped(..) => facts.saw("sigstop.init", "stopped"),
        end => facts.saw_end("sigstop.init", end),
    }

    let child = init()?;
    facts.saw_result("sigkill", &kill(child.pid(), Signal::SIGKILL));
    facts.saw_end("sigkill.init", child.wait()?);
    Ok(())
}
