use crate::scenarios::shared::*;

/// Allocators give memory back with it, and some ask for no other advice.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "madvise(MADV_FREE) of an anonymous page",
    probe,
    &[
        Claim::since(3, 2)
            .shows("madvise=EINVAL")
            .because("there is no MADV_FREE"),
        Claim::since(4, 5)
            .shows("madvise=ok")
            .because("pages can be given up without losing them before they are needed")
            .commit("854e9ed09ded", "mm: support madvise(MADV_FREE)")
            .links(&[
                "https://github.com/redis/redis/issues/8406",
                "https://github.com/golang/go/issues/23687",
            ]),
    ],
)
.vendors(&[EL7
    .shows("madvise=ok")
    .because("the advice of 4.5 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw_result("madvise", &Pages::map(1)?.advise(libc::MADV_FREE));
    Ok(())
}
