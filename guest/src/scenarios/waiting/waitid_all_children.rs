use nix::sys::wait::{Id, WaitPidFlag, waitid};

use crate::scenarios::shared::*;

/// Children that do not send SIGCHLD, as well.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "waitid(2) with __WALL by a process whose child lives",
    probe,
    &[
        Claim::since(3, 2)
            .shows("waitid=EINVAL")
            .because("only wait4(2) knows __WALL"),
        Claim::since(4, 7)
            .shows("waitid=ok")
            .because("waitid(2) takes what wait4(2) takes")
            .commit(
                "91c4e8ea8f05",
                "wait: allow sys_waitid() to accept __WNOTHREAD/__WCLONE/__WALL",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let child = Child::fork()?;
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::__WALL;
    facts.saw_result("waitid", &waitid(Id::Pid(child.pid()), flags));
    child.end()?;
    Ok(())
}
