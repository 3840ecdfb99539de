use std::ffi::c_long;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// Advice about the memory of another process, here the caller's own.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "process_madvise(MADV_COLD) by a process of itself",
    probe,
    &[
        Claim::since(3, 2)
            .shows("process_madvise=ENOSYS")
            .because("there is no process_madvise(2)"),
        Claim::since(5, 10)
            .shows("process_madvise=ok")
            .because("a manager of memory can advise about processes that it has as descriptors")
            .commit(
                "ecb8ac8b1f14",
                "mm/madvise: introduce process_madvise() syscall: an external memory hinting API",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let page = Pages::map(1)?;
    page.write(1);
    let ranges = [libc::iovec {
        iov_base: page.start(),
        iov_len: page.length(),
    }];
    let own = pidfd_open(getpid());
    let fd = own.as_ref().map_or(-1, AsRawFd::as_raw_fd);
    let advice = c_long::from(libc::MADV_COLD);
    let arguments = [fd.into(), address(&ranges), 1, advice, 0];
    // SAFETY: there is one range, which is mapped.
    let advised = unsafe { call(libc::SYS_process_madvise, arguments) };
    facts.saw_result("process_madvise", &advised);
    Ok(())
}
