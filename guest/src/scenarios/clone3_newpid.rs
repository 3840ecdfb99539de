use crate::probe::{Child, CloneFlags, Errno, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The call that checks its flags.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone3_newpid",
    summary: "clone3(CLONE_NEWPID), and clone3() of nothing",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("nothing=ENOSYS clone3=ENOSYS")
            .because("there is no clone3(2)")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78"
            ]),
        Claim::since(5, 3)
            .shows("nothing=EINVAL clone3=ok clone3.child=1")
            .because(
                "clone3(2) takes a structure, of which it wants at least the first \
                 version's size, and does what clone(2) does",
            )
            .commit("7f192e3cd316", "fork: add clone3")
            .observed(versions!["5.10.223", "6.1.176", "6.12.117", "7.3.4"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    // SAFETY: at a size of 0 nothing is read.
    let nothing = unsafe { libc::syscall(libc::SYS_clone3, std::ptr::null::<u8>(), 0) };
    facts.saw_result("nothing", &Errno::result(nothing));
    facts.saw_call("clone3", &Child::clone3(CloneFlags::CLONE_NEWPID));
    Ok(())
}
