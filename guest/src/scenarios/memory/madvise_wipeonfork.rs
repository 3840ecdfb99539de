use crate::scenarios::shared::*;

/// For secrets and for the state of random numbers, which no child may share.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "madvise(MADV_WIPEONFORK) of a page, and what a child finds there",
    probe,
    &[
        Claim::since(3, 2)
            .shows("madvise=EINVAL child=same")
            .because("there is no MADV_WIPEONFORK"),
        Claim::since(4, 14)
            .shows("madvise=ok child=zeroes")
            .because("a child gets an empty page in place of a copy")
            .commit("d2cd9ede6e19", "mm,fork: introduce MADV_WIPEONFORK")
            .links(&["https://github.com/torproject/tor/pull/1285"]),
    ],
)
.vendors(&[EL7
    .shows("madvise=ok child=zeroes")
    .because("the advice of 4.14 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let page = Pages::map(1)?;
    page.write(1);
    facts.saw_result("madvise", &page.advise(libc::MADV_WIPEONFORK));
    let child = fork_child(|| std::process::exit(page.read().into()))?;
    let found = match waitpid(child, None)? {
        WaitStatus::Exited(_, 0) => "zeroes",
        _ => "same",
    };
    facts.saw("child", found);
    Ok(())
}
