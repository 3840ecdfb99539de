use std::os::fd::AsRawFd;

use nix::unistd::pipe;

use crate::scenarios::shared::*;

/// Guard pages without a mapping of their own.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "madvise(MADV_GUARD_INSTALL) of a page, a write(2) from it, and the same after \
     MADV_GUARD_REMOVE",
    probe,
    &[
        Claim::since(3, 2)
            .shows("install=EINVAL guarded=ok remove=EINVAL free=ok")
            .because("a guard page takes a mapping that allows nothing"),
        Claim::since(6, 13)
            .shows("install=ok guarded=EFAULT remove=ok free=ok")
            .because("a page of a mapping can be made one that must not be touched")
            .commit(
                "662df3e5c376",
                "mm: madvise: implement lightweight guard page mechanism",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const MADV_GUARD_INSTALL: i32 = 102;
    const MADV_GUARD_REMOVE: i32 = 103;
    let page = Pages::map(1)?;
    let (_out, into) = pipe()?;
    let write = || {
        // SAFETY: the kernel looks whether the page can be read.
        Errno::result(unsafe { libc::write(into.as_raw_fd(), page.start(), 1) })
    };
    facts.saw_result("install", &page.advise(MADV_GUARD_INSTALL));
    facts.saw_result("guarded", &write());
    facts.saw_result("remove", &page.advise(MADV_GUARD_REMOVE));
    facts.saw_result("free", &write());
    Ok(())
}
