use crate::scenarios::shared::*;

/// What a descriptor of a process tells of it, without /proc.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "ioctl(PIDFD_GET_INFO) of a child that lives",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)"),
        Claim::since(5, 3)
            .shows("pidfd_open=ok info=ENOTTY")
            .because("a descriptor of a process has no ioctl(2)")
            .by(PIDFD_OPEN),
        Claim::since(6, 11)
            .shows("pidfd_open=ok info=EINVAL")
            .because("ioctl(2) gives the namespaces of a process, and takes no argument")
            .commit(
                "5b08bd408534",
                "pidfs: allow retrieval of namespace file descriptors",
            ),
        Claim::since(6, 13)
            .shows("pidfd_open=ok info=ok pid=same")
            .because("ioctl(2) tells the PID and the credentials of a process")
            .commit("cdda1f26e74b", "pidfd: add ioctl to retrieve pid info"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let child = Child::fork()?;
    let pidfd = pidfd_open(child.pid());
    facts.saw_result("pidfd_open", &pidfd);
    if let Ok(pidfd) = pidfd {
        let told = pid_of_pidfd(&pidfd);
        facts.saw_result("info", &told);
        if let Ok(pid) = told {
            facts.saw(
                "pid",
                if pid == child.pid() {
                    "same"
                } else {
                    "another"
                },
            );
        }
    }
    child.end()?;
    Ok(())
}
