use std::ffi::c_int;
use std::ptr;

use crate::scenarios::shared::*;

/// MAP_FIXED replaces what is there; this does not.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "mmap(MAP_FIXED_NOREPLACE) where a page is mapped, and where none is",
    probe,
    &[
        Claim::since(3, 2)
            .shows("taken=elsewhere free=there")
            .because("mmap(2) ignores a flag it does not know, and takes the address for a hint"),
        Claim::since(4, 17)
            .shows("taken=EEXIST free=there")
            .because("the flag asks for this address or none")
            .commit("a4ff8e8620d3", "mm: introduce MAP_FIXED_NOREPLACE"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let pages = Pages::map(3)?;
    facts.saw("taken", place(pages.part(1, 1)));
    pages.part(1, 1).unmap()?;
    facts.saw("free", place(pages.part(1, 1)));
    Ok(())
}

/// Where a mapping comes to lie that is asked to be here.
fn place(page: Pages) -> String {
    let flags: c_int = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
    let (start, length) = (page.start(), page.length());
    // SAFETY: nothing but the probe uses the page.
    let mapped = unsafe { libc::mmap(start, length, libc::PROT_READ, flags, -1, 0) };
    if mapped == libc::MAP_FAILED {
        return format!("{:?}", Errno::last());
    }
    let there = ptr::eq(mapped, start);
    if there { "there" } else { "elsewhere" }.to_owned()
}
