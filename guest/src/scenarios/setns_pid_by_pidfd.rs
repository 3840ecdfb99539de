use crate::probe::{Child, CloneFlags, pidfd_open, require_clone, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// A process in place of its namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_pid_by_pidfd",
    summary: "setns(2) to a PID namespace by a descriptor of its init, and a fork",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78"
            ]),
        Claim::since(5, 3)
            .shows("pidfd_open=ok setns=EINVAL child=outer")
            .because("setns(2) takes files of /proc/PID/ns only")
            .commit("32fcb426ec00", "pid: add pidfd_open()"),
        Claim::since(5, 8)
            .shows("pidfd_open=ok setns=ok child=2")
            .because("setns(2) takes a process of the namespaces to join, and flags that say which")
            .commit("303cc571d107", "nsproxy: attach to namespaces via pidfds")
            .observed(versions!["5.10.223", "6.1.176", "6.12.117", "7.3.4"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    let init = Child::clone(CloneFlags::CLONE_NEWPID)?;
    let pidfd = pidfd_open(init.pid());
    facts.saw_result("pidfd_open", &pidfd);
    let Ok(pidfd) = pidfd else { return Ok(()) };
    facts.saw_result("setns", &setns(pidfd, CloneFlags::CLONE_NEWPID));
    facts.saw_child("child", &Child::fork());
    Ok(())
}
