use std::ffi::c_int;
use std::path::Path;

use crate::scenarios::shared::*;

/// Huge pages now, and not when the kernel comes round to it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "madvise(MADV_COLLAPSE) of no bytes, of one small page, and where nothing is mapped",
    probe,
    &[
        Claim::since(3, 2)
            .shows("nothing=EINVAL small=EINVAL unmapped=EINVAL")
            .because("the kernel collapses pages when it likes"),
        Claim::since(6, 1)
            .shows("nothing=ok small=EINVAL unmapped=ENOMEM")
            .because("a program can ask for it, and is told how it went")
            .commit(
                "7d8faaf15545",
                "mm/madvise: introduce MADV_COLLAPSE sync hugepage collapse",
            )
            .links(&["https://github.com/jemalloc/jemalloc/pull/2750"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const MADV_COLLAPSE: c_int = 25;
    if !Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
        let option = "CONFIG_TRANSPARENT_HUGEPAGE";
        return Err(ProbeError::NotApplicable(option.to_owned()));
    }
    let pages = Pages::map(2)?;
    facts.saw_result("nothing", &pages.part(0, 0).advise(MADV_COLLAPSE));
    facts.saw_result("small", &pages.part(0, 1).advise(MADV_COLLAPSE));
    let unmapped = pages.part(1, 1);
    unmapped.unmap()?;
    facts.saw_result("unmapped", &unmapped.advise(MADV_COLLAPSE));
    Ok(())
}
