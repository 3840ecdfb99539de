use nix::sys::wait::{Id, WaitPidFlag, waitid};

use crate::scenarios::shared::*;

/// As waitpid(0) does it since ever.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "waitid(P_PGID, 0) by a process whose child lives",
    probe,
    &[
        Claim::since(3, 2)
            .shows("waitid=EINVAL")
            .because("waitid(2) wants the number of a process group"),
        Claim::since(5, 4)
            .shows("waitid=ok")
            .because("0 is the process group of the caller")
            .commit(
                "821cc7b0b205",
                "waitid: Add support for waiting for the current process group",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let child = Child::fork()?;
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
    facts.saw_result("waitid", &waitid(Id::PGid(Pid::from_raw(0)), flags));
    child.end()?;
    Ok(())
}
