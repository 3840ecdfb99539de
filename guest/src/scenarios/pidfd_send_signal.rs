use std::fs::File;

use crate::probe::{Child, Signal, pidfd_open, pidfd_send_signal};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The call came before there was a way to get a descriptor other than by `/proc`.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "pidfd_send_signal",
    summary: "pidfd_send_signal(2) to a directory of /proc, and to what pidfd_open(2) gives",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("directory=ENOSYS pidfd_open=ENOSYS")
            .because("there is no pidfd_send_signal(2)")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78"
            ]),
        Claim::since(5, 1)
            .shows("directory=ok pidfd_open=ENOSYS")
            .because(
                "a process can be signalled by its directory in /proc, whose PID cannot \
                 become another's",
            )
            .commit("3eb39f47934f", "signal: add pidfd_send_signal() syscall"),
        Claim::since(5, 3)
            .shows("directory=ok pidfd_open=ok pidfd=ok")
            .because("pidfd_open(2) needs no /proc")
            .commit("32fcb426ec00", "pid: add pidfd_open()")
            .observed(versions!["5.10.223", "6.1.176", "7.3.4"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let child = Child::fork()?;
    let directory = File::open(format!("/proc/{}", child.pid()))?.into();
    facts.saw_result("directory", &pidfd_send_signal(&directory, Signal::SIGCONT));
    let pidfd = pidfd_open(child.pid());
    facts.saw_result("pidfd_open", &pidfd);
    if let Ok(pidfd) = pidfd {
        facts.saw_result("pidfd", &pidfd_send_signal(&pidfd, Signal::SIGCONT));
    }
    child.end()?;
    Ok(())
}
