use std::ffi::c_long;

use crate::scenarios::shared::*;

/// A mapping that stays as it is.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "mseal(2) of a page, then mprotect(2) and munmap(2)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("mseal=ENOSYS mprotect=ok munmap=ok")
            .because("there is no mseal(2)"),
        Claim::since(6, 10)
            .shows("mseal=ok mprotect=EPERM munmap=EPERM")
            .because("what is sealed cannot be changed or taken away while the process lives")
            .commit("8be7258aad44", "mseal: add mseal syscall"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let page = Pages::map(1)?;
    let arguments = [page.start() as c_long, page.length() as c_long, 0];
    // SAFETY: nothing but the probe uses the page.
    let sealed = unsafe { call(libc::SYS_mseal, arguments) };
    facts.saw_result("mseal", &sealed);
    facts.saw_result("mprotect", &page.protect(libc::PROT_NONE));
    facts.saw_result("munmap", &page.unmap());
    Ok(())
}
