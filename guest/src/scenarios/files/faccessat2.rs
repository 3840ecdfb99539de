use std::ffi::c_int;

use crate::scenarios::shared::*;

/// access(2) as who one is now, not as who one was.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "faccessat2(AT_EACCESS), and with a flag that no kernel knows",
    probe,
    &[
        Claim::since(3, 2)
            .shows("eaccess=ENOSYS unknown=ENOSYS")
            .because("the C library has flags, and faccessat(2) has none"),
        Claim::since(5, 8)
            .shows("eaccess=ok unknown=EINVAL")
            .because("the kernel knows the flags itself")
            .commit("c8ffd8bcdd28", "vfs: add faccessat2 syscall"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let access = |flags: c_int| {
        let (path, mode) = (address(c"/proc/version"), libc::R_OK);
        let arguments = [libc::AT_FDCWD.into(), path, mode.into(), flags.into()];
        // SAFETY: the path ends with a zero.
        unsafe { call(libc::SYS_faccessat2, arguments) }
    };
    facts.saw_result("eaccess", &access(libc::AT_EACCESS));
    facts.saw_result("unknown", &access(1 << 30));
    Ok(())
}
