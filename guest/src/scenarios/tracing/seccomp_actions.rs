use crate::scenarios::shared::*;

/// Filters were written for years before they could ask what they may answer.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "seccomp(SECCOMP_GET_ACTION_AVAIL) of four actions",
    probe,
    &[
        Claim::since(3, 2)
            .shows("trap=ENOSYS kill_process=ENOSYS user_notif=ENOSYS unknown=ENOSYS")
            .because("there is no seccomp(2)"),
        Claim::since(3, 17)
            .shows("trap=EINVAL kill_process=EINVAL user_notif=EINVAL unknown=EINVAL")
            .because("seccomp(2) installs filters, and does nothing else")
            .by(SECCOMP),
        Claim::since(4, 14)
            .shows("trap=ok kill_process=ok user_notif=EOPNOTSUPP unknown=EOPNOTSUPP")
            .because("actions can be asked for, and one is to kill all threads")
            .commit(
                "d612b1fd8010",
                "seccomp: Operation for checking if an action is available",
            ),
        Claim::since(5, 0)
            .shows("trap=ok kill_process=ok user_notif=ok unknown=EOPNOTSUPP")
            .because("another process can answer for a filter")
            .by(SECCOMP_NOTIFIES),
    ],
)
.vendors(&[EL7
    .shows("trap=ok kill_process=EOPNOTSUPP user_notif=EOPNOTSUPP unknown=EOPNOTSUPP")
    .because("the question of 4.14 is there, the actions of 4.14 and 5.0 are not")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_seccomp_filters()?;
    for (name, action) in [
        ("trap", libc::SECCOMP_RET_TRAP),
        ("kill_process", libc::SECCOMP_RET_KILL_PROCESS),
        ("user_notif", libc::SECCOMP_RET_USER_NOTIF),
        ("unknown", 0x1234_0000),
    ] {
        facts.saw_result(name, &seccomp_action_available(action));
    }
    Ok(())
}
