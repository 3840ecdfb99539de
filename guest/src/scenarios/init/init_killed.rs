use nix::sys::wait::{Id, WaitPidFlag, waitid};

use crate::scenarios::shared::*;

/// A PID namespace ends with its init. The end waits for the parent that has to
/// reap a member.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "a namespace's init is killed while it has another member, both the caller's children",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL"),
        Claim::since(3, 8)
            .shows(
                "unshare=ok init.child=1 member.child=2 kill=ok init.waits=yes \
                 member=killed:9 init=killed:9 child=fork:ENOMEM",
            )
            .because(
                "init's exit kills the other members and waits until they are reaped, here \
                 by the caller, who can have no more children there",
            )
            .by(DEAD_NAMESPACE),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let unshared = unshare(CloneFlags::CLONE_NEWPID);
    facts.saw_result("unshare", &unshared);
    if unshared.is_err() {
        return Ok(());
    }
    let init = Child::fork()?;
    facts.saw("init.child", init.sees());
    let member = Child::fork()?;
    facts.saw("member.child", member.sees());
    facts.saw_result("kill", &kill(init.pid(), Signal::SIGKILL));

    // Dead, but not reaped.
    waitid(
        Id::Pid(member.pid()),
        WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT,
    )?;
    let init_waits = waitpid(init.pid(), Some(WaitPidFlag::WNOHANG))? == WaitStatus::StillAlive;
    facts.saw("init.waits", if init_waits { "yes" } else { "no" });

    facts.saw_end("member", member.wait()?);
    facts.saw_end("init", init.wait()?);
    facts.saw_child("child", &Child::fork());
    Ok(())
}
