use std::ffi::c_long;
use std::os::fd::AsRawFd;

use nix::unistd::pipe;

use crate::scenarios::shared::*;

/// Checkpointing asks what an epoll descriptor waits for.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "kcmp(KCMP_FILE) of a descriptor with itself, and kcmp(KCMP_EPOLL_TFD) with what an epoll \
     descriptor waits for",
    probe,
    &[
        Claim::since(3, 2)
            .shows("file=0 epoll=EINVAL")
            .because("two descriptors can be compared, but not one with what epoll holds"),
        Claim::since(4, 13)
            .shows("file=0 epoll=0")
            .because("what an epoll descriptor waits for can be compared as well")
            .commit(
                "0791e3644e5e",
                "kcmp: add KCMP_EPOLL_TFD mode to compare epoll target files",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const KCMP_FILE: c_long = 0;
    const KCMP_EPOLL_TFD: c_long = 7;
    let own = c_long::from(getpid().as_raw());
    let (out, _into) = pipe()?;
    let epoll = Epoll::create()?;
    epoll.add(&out, libc::EPOLLIN)?;
    let fd = c_long::from(out.as_raw_fd());
    // SAFETY: it takes numbers.
    let file = unsafe { call(libc::SYS_kcmp, [own, own, KCMP_FILE, fd, fd]) };
    if file == Err(Errno::ENOSYS) {
        return Err(ProbeError::NotApplicable("no kcmp(2)".to_owned()));
    }
    facts.saw_count("file", file);
    // `struct kcmp_epoll_slot`: of which epoll descriptor, what, and which of that.
    let slot = [epoll.as_raw_fd(), out.as_raw_fd(), 0];
    let arguments = [own, own, KCMP_EPOLL_TFD, fd, address(&slot)];
    // SAFETY: the slot is there for the call.
    facts.saw_count("epoll", unsafe { call(libc::SYS_kcmp, arguments) });
    Ok(())
}
