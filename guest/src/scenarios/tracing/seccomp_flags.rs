use crate::scenarios::shared::*;

/// A program that asks for one flag alone can be led astray.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "seccomp(2) without a filter, with each flag: EFAULT is of one that it knows",
    probe,
    &[
        Claim::since(3, 2)
            .shows("tsync=ENOSYS log=ENOSYS listener=ENOSYS killable=ENOSYS killable_alone=ENOSYS")
            .because("there is no seccomp(2), only prctl(2)"),
        Claim::since(3, 17)
            .shows("tsync=EFAULT log=EINVAL listener=EINVAL killable=EINVAL killable_alone=EINVAL")
            .because("a filter can be for all threads of a process")
            .by(SECCOMP),
        Claim::since(4, 14)
            .shows("tsync=EFAULT log=EFAULT listener=EINVAL killable=EINVAL killable_alone=EINVAL")
            .because("what a filter refuses can be logged")
            .commit(
                "e66a39977985",
                "seccomp: Filter flag to log all actions except SECCOMP_RET_ALLOW",
            ),
        Claim::since(5, 0)
            .shows("tsync=EFAULT log=EFAULT listener=EFAULT killable=EINVAL killable_alone=EINVAL")
            .because("another process can answer for a filter")
            .by(SECCOMP_NOTIFIES),
        Claim::since(5, 19)
            .shows("tsync=EFAULT log=EFAULT listener=EFAULT killable=EFAULT killable_alone=EINVAL")
            .because(
                "who waits for that answer can be left undisturbed; without a listener \
                 there is no such wait",
            )
            .commit(
                "c2aa2dfef243",
                "seccomp: Add wait_killable semantic to seccomp user notifier",
            )
            .links(&["https://github.com/opencontainers/runc/pull/5172"]),
    ],
)
.vendors(&[EL7
    .shows("tsync=EFAULT log=EINVAL listener=EINVAL killable=EINVAL killable_alone=EINVAL")
    .because("the call of 3.17 is there, its flags of 4.14 and later are not")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_seccomp_filters()?;
    let listener = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    let killable = libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    for (name, flags) in [
        ("tsync", libc::SECCOMP_FILTER_FLAG_TSYNC),
        ("log", libc::SECCOMP_FILTER_FLAG_LOG),
        ("listener", listener),
        ("killable", killable | listener),
        ("killable_alone", killable),
    ] {
        facts.saw_result(name, &seccomp_without_filter(flags));
    }
    Ok(())
}
