use nix::sys::wait::{Id, WaitPidFlag, waitid};

use super::history::DEAD_NAMESPACE;
use crate::probe::{Child, CloneFlags, Signal, WaitStatus, kill, require, unshare, waitpid};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// A PID namespace ends with its init. The end waits for whoever has to reap a
/// member.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "init_killed",
    summary: "a namespace's init is killed while it has another member, both the caller's children",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("unshare=EINVAL")
            .because("unshare(2) knows no PID namespaces yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(
                "unshare=ok init.child=1 member.child=2 kill=ok init.waits=yes \
                 member=killed:9 init=killed:9 child=fork:ENOMEM",
            )
            .because(
                "init's exit kills the other members and waits until they are reaped, here \
                 by the caller, who can have no more children there",
            )
            .by(DEAD_NAMESPACE)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ]),
    ],
};

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
