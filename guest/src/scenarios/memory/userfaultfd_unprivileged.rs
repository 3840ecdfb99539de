use std::fs;

use crate::scenarios::shared::*;

/// To stop the kernel at a page fault helps an attacker.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "userfaultfd(2) by an ordinary user, for all faults and for those of user mode only",
    probe,
    &[
        Claim::since(3, 2)
            .shows("all=ok user_mode=EINVAL")
            .because("where there is such a call, any user may catch the faults of the kernel too"),
        Claim::since(5, 11)
            .shows("all=EPERM user_mode=ok")
            .because("an ordinary user may catch faults of user mode only")
            .commit(
                "d0d4730ac2e4",
                "userfaultfd: add user-mode only option to unprivileged_userfaultfd sysctl knob",
            )
            .links(&["https://github.com/checkpoint-restore/criu/pull/1651"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const UFFD_USER_MODE_ONLY: i64 = 1;
    become_ordinary_user()?;
    // SAFETY: it takes numbers. What it makes stays as long as the process.
    let userfaultfd = |flags: i64| unsafe { call(libc::SYS_userfaultfd, [flags]) };
    let (all, user_mode) = (userfaultfd(0), userfaultfd(UFFD_USER_MODE_ONLY));
    if all == Err(Errno::ENOSYS) {
        return Err(ProbeError::NotApplicable("no userfaultfd(2)".to_owned()));
    }
    // The sysctl is younger than the call, and what it says without being set changed
    // with the flag.
    let usual = if user_mode.is_ok() { "0" } else { "1" };
    let sysctl = fs::read_to_string("/proc/sys/vm/unprivileged_userfaultfd");
    if sysctl.is_ok_and(|value| value.trim() != usual) {
        let why = "vm.unprivileged_userfaultfd is set";
        return Err(ProbeError::NotApplicable(why.to_owned()));
    }
    facts.saw_result("all", &all);
    facts.saw_result("user_mode", &user_mode);
    Ok(())
}
