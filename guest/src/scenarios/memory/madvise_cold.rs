use crate::scenarios::shared::*;

/// Two ways to say that memory will not be used soon.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "madvise(MADV_COLD) and madvise(MADV_PAGEOUT) of an anonymous page",
    probe,
    &[
        Claim::since(3, 2)
            .shows("cold=EINVAL pageout=EINVAL")
            .because("there is neither of them"),
        Claim::since(5, 4)
            .shows("cold=ok pageout=ok")
            .because("a process can name the pages that are to be reclaimed first")
            .commit("9c276cc65a58", "mm: introduce MADV_COLD"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let page = Pages::map(1)?;
    page.write(1);
    facts.saw_result("cold", &page.advise(libc::MADV_COLD));
    facts.saw_result("pageout", &page.advise(libc::MADV_PAGEOUT));
    Ok(())
}
