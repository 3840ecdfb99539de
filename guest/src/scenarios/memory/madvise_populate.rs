use crate::scenarios::shared::*;

/// MAP_POPULATE tells no error; these do.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "madvise(MADV_POPULATE_READ) and madvise(MADV_POPULATE_WRITE) of two pages",
    probe,
    &[
        Claim::since(3, 2)
            .shows("read=EINVAL write=EINVAL")
            .because("there is neither of them"),
        Claim::since(5, 14)
            .shows("read=ok write=ok")
            .because("pages can be had before they are used, and what fails is said")
            .commit(
                "4ca9b3859dac",
                "mm/madvise: introduce MADV_POPULATE_(READ|WRITE) to prefault page tables",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let pages = Pages::map(2)?;
    facts.saw_result("read", &pages.advise(libc::MADV_POPULATE_READ));
    facts.saw_result("write", &pages.advise(libc::MADV_POPULATE_WRITE));
    Ok(())
}
