use crate::scenarios::shared::*;

/// Memory that is locked cannot be thrown away by the old advice.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "madvise(MADV_DONTNEED) and madvise(MADV_DONTNEED_LOCKED) of a locked page",
    probe,
    &[
        Claim::since(3, 2)
            .shows("dontneed=EINVAL dontneed_locked=EINVAL")
            .because("locked memory is refused, and there is no other way than to unlock it"),
        Claim::since(5, 18)
            .shows("dontneed=EINVAL dontneed_locked=ok")
            .because("who names the lock may throw away what is locked")
            .commit("9457056ac426", "mm: madvise: MADV_DONTNEED_LOCKED"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const MADV_DONTNEED_LOCKED: i32 = 24;
    let page = Pages::map(1)?;
    // SAFETY: the page is mapped.
    Errno::result(unsafe { libc::mlock(page.start(), page.length()) })?;
    facts.saw_result("dontneed", &page.advise(libc::MADV_DONTNEED));
    facts.saw_result("dontneed_locked", &page.advise(MADV_DONTNEED_LOCKED));
    Ok(())
}
