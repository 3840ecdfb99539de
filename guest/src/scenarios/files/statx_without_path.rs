use std::os::fd::AsRawFd;
use std::ptr;

use crate::scenarios::shared::*;

/// A descriptor is enough.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "statx(AT_EMPTY_PATH) of a descriptor with an empty path, and with none",
    probe,
    &[
        Claim::since(3, 2)
            .shows("empty=ENOSYS none=ENOSYS")
            .because("there is no statx(2)"),
        Claim::since(4, 11)
            .shows("empty=ok none=EFAULT")
            .because("the flag allows a path to be empty, but there must be one")
            .by(STATX),
        Claim::since(6, 11)
            .shows("empty=ok none=ok")
            .because("with the flag a path need not be copied, only to learn that it is empty")
            .commit(
                "0ef625bba6fb",
                "vfs: support statx(..., NULL, AT_EMPTY_PATH, ...)",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let file = std::fs::File::open("/proc/version")?;
    let ask = |path: *const libc::c_char| {
        let mut found = [0_u64; 32];
        let (flags, what) = (libc::AT_EMPTY_PATH, libc::STATX_TYPE);
        let arguments = [
            file.as_raw_fd().into(),
            path as i64,
            flags.into(),
            what.into(),
            address_mut(&mut found),
        ];
        // SAFETY: a statx structure has 256 bytes, and the path is a string or none.
        unsafe { call(libc::SYS_statx, arguments) }
    };
    facts.saw_result("empty", &ask(c"".as_ptr()));
    facts.saw_result("none", &ask(ptr::null()));
    Ok(())
}
