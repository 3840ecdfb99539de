use crate::scenarios::shared::*;

/// A pidfd stands for the namespaces of its process.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a PID namespace by a descriptor of its init, and a fork",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)"),
        Claim::since(5, 3)
            .shows("pidfd_open=ok setns=EINVAL child=outer")
            .because("setns(2) takes files of /proc/PID/ns only")
            .by(PIDFD_OPEN),
        Claim::since(5, 8)
            .shows("pidfd_open=ok setns=ok child=2")
            .because("setns(2) takes a process of the namespaces to join, and flags that say which")
            .commit("303cc571d107", "nsproxy: attach to namespaces via pidfds"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    let init = Child::clone(CloneFlags::CLONE_NEWPID)?;
    let pidfd = pidfd_open(init.pid());
    facts.saw_result("pidfd_open", &pidfd);
    let Ok(pidfd) = pidfd else { return Ok(()) };
    facts.saw_result("setns", &setns(pidfd, CloneFlags::CLONE_NEWPID));
    facts.saw_child("child", &Child::fork());
    Ok(())
}
