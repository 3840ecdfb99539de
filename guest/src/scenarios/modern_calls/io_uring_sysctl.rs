use std::ffi::c_long;
use std::path::Path;

use crate::scenarios::shared::*;

/// Many who run other people's programs want none of it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the sysctl kernel.io_uring_disabled, where the kernel has io_uring",
    probe,
    &[
        Claim::since(3, 2)
            .shows("sysctl=absent")
            .because("io_uring is there for all, or configured out"),
        Claim::since(6, 6)
            .shows("sysctl=present")
            .because("an administrator can turn it off")
            .commit(
                "76d3ccecfa18",
                "io_uring: add a sysctl to disable io_uring system-wide",
            )
            .links(&["https://github.com/axboe/liburing/issues/989"]),
    ],
)
.vendors(&[VendorClaim::of("el9")
    .since(362)
    .shows("sysctl=present")
    .because("the sysctl of 6.6 is there, in what calls itself 5.14, and it is set")
    .source("https://github.com/axboe/liburing/issues/989")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    // Whatever else the kernel says to a ring without entries, it has io_uring.
    let arguments: [c_long; 2] = [0, 0];
    // SAFETY: the kernel looks whether the address is one.
    let setup = unsafe { call(libc::SYS_io_uring_setup, arguments) };
    if setup == Err(Errno::ENOSYS) {
        return Err(ProbeError::NotApplicable("no io_uring".to_owned()));
    }
    let present = Path::new("/proc/sys/kernel/io_uring_disabled").exists();
    facts.saw("sysctl", if present { "present" } else { "absent" });
    Ok(())
}
