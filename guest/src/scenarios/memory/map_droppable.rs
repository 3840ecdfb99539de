use std::ffi::c_int;
use std::ptr;

use crate::scenarios::shared::*;

/// Made for the state of random numbers that the vDSO keeps.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "mmap(MAP_DROPPABLE)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("mmap=EINVAL")
            .because("there is no mapping whose pages the kernel may drop at any time"),
        Claim::since(6, 11)
            .shows("mmap=ok")
            .because("a process may ask for memory that is dropped rather than swapped")
            .commit(
                "9651fcedf7b9",
                "mm: add MAP_DROPPABLE for designating always lazily freeable mappings",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const MAP_DROPPABLE: c_int = 8;
    let flags = MAP_DROPPABLE | libc::MAP_ANONYMOUS;
    // SAFETY: the kernel chooses a place where nothing is.
    let mapped = unsafe { libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ, flags, -1, 0) };
    let failed = mapped == libc::MAP_FAILED;
    let mapped = if failed { Err(Errno::last()) } else { Ok(()) };
    facts.saw_result("mmap", &mapped);
    Ok(())
}
