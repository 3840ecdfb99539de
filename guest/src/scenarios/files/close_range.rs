use std::ffi::{c_int, c_uint};
use std::fs::File;
use std::os::fd::IntoRawFd;

use crate::scenarios::shared::*;

/// What a program does before it executes another, at one stroke.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "close_range(2) of a descriptor: to be closed at execve(2), in a table of its own, with a \
     flag that no kernel knows, and without",
    probe,
    &[
        Claim::since(3, 2)
            .shows("cloexec=ENOSYS unshare=ENOSYS unknown=ENOSYS plain=ENOSYS then=open")
            .because("there is no close_range(2)"),
        Claim::since(5, 9)
            .shows("cloexec=EINVAL unshare=ok unknown=EINVAL plain=ok then=closed")
            .because("descriptors can be closed without knowing which there are")
            .commit("278a5fbaed89", "open: add close_range()"),
        Claim::since(5, 11)
            .shows("cloexec=ok unshare=ok unknown=EINVAL plain=ok then=closed")
            .because("they can be left open until execve(2)")
            .commit(
                "582f1fb6b721",
                "fs, close_range: add flag CLOSE_RANGE_CLOEXEC",
            )
            .links(&["https://github.com/containers/crun/pull/561"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    // It is closed by the call, without Rust's knowing.
    let last = File::open("/proc/version")?.into_raw_fd();
    let close = |fd: c_int, flags: c_uint| {
        // SAFETY: nothing owns the descriptor, or there is none of the number.
        unsafe { call(libc::SYS_close_range, [fd.into(), fd.into(), flags.into()]) }
    };
    let none = 1 << 20;
    facts.saw_result("cloexec", &close(last, libc::CLOSE_RANGE_CLOEXEC));
    facts.saw_result("unshare", &close(none, libc::CLOSE_RANGE_UNSHARE));
    facts.saw_result("unknown", &close(none, 1 << 30));
    facts.saw_result("plain", &close(last, 0));
    // SAFETY: it takes numbers.
    let open = unsafe { libc::fcntl(last, libc::F_GETFD) } >= 0;
    facts.saw("then", if open { "open" } else { "closed" });
    Ok(())
}
