use std::ffi::c_void;
use std::ptr;

use crate::scenarios::shared::*;

/// It moves what is in a page and leaves an empty one.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "mremap(MREMAP_DONTUNMAP) of a page, and what is left of it",
    probe,
    &[
        Claim::since(3, 2)
            .shows("mremap=EINVAL")
            .because("mremap(2) moves a mapping, and nothing stays behind"),
        Claim::since(5, 7)
            .shows("mremap=ok new=1 old=mapped old.byte=0")
            .because("the old mapping stays, without what it held")
            .commit(
                "e346b3813067",
                "mm/mremap: add MREMAP_DONTUNMAP to mremap()",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let page = Pages::map(1)?;
    page.write(1);
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_DONTUNMAP;
    let (start, length) = (page.start(), page.length());
    // The C library reads a new address, here none, with this flag too.
    let anywhere = ptr::null_mut::<c_void>();
    // SAFETY: nothing but the probe uses the page.
    let moved = unsafe { libc::mremap(start, length, length, flags, anywhere) };
    if moved == libc::MAP_FAILED {
        facts.saw_result("mremap", &Err::<(), _>(Errno::last()));
        return Ok(());
    }
    facts.saw("mremap", "ok");
    // SAFETY: it is where the page is now.
    facts.saw("new", unsafe { moved.cast::<u8>().read_volatile() });
    let old = if page.are_mapped() { "mapped" } else { "gone" };
    facts.saw("old", old);
    facts.saw("old.byte", page.read());
    Ok(())
}
