use crate::scenarios::shared::*;

/// The call that checks its flags.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone3(CLONE_NEWPID), and clone3() of nothing",
    probe,
    &[
        Claim::since(3, 2)
            .shows("nothing=ENOSYS clone3=ENOSYS")
            .because("there is no clone3(2)"),
        Claim::since(5, 3)
            .shows("nothing=EINVAL clone3=ok clone3.child=1")
            .because(
                "clone3(2) takes a structure, of which it wants at least the first \
                 version's size, and does what clone(2) does",
            )
            .commit("7f192e3cd316", "fork: add clone3"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    // SAFETY: at a size of 0 nothing is read.
    let nothing = unsafe { libc::syscall(libc::SYS_clone3, std::ptr::null::<u8>(), 0) };
    facts.saw_result("nothing", &Errno::result(nothing));
    facts.saw_call("clone3", &Child::clone3(CloneFlags::CLONE_NEWPID));
    Ok(())
}
