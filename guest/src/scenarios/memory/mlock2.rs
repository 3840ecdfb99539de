use std::ffi::c_long;

use crate::scenarios::shared::*;

/// Memory that is locked as it comes, not all at once.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "mlock2(2) without flags, with MLOCK_ONFAULT, and with a flag that no kernel knows",
    probe,
    &[
        Claim::since(3, 2)
            .shows("plain=ENOSYS onfault=ENOSYS unknown=ENOSYS")
            .because("there is no mlock2(2)"),
        Claim::since(4, 4)
            .shows("plain=ok onfault=ok unknown=EINVAL")
            .because("mlock(2) has no flags")
            .commit("a8ca5d0ecbdd", "mm: mlock: add new mlock system call"),
    ],
)
.vendors(&[EL7
    .shows("plain=ok onfault=ok unknown=EINVAL")
    .because("the call of 4.4 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const MLOCK_ONFAULT: c_long = 1;
    let page = Pages::map(1)?;
    let mlock2 = |flags: c_long| {
        let arguments = [page.start() as c_long, page.length() as c_long, flags];
        // SAFETY: the page is mapped.
        unsafe { call(libc::SYS_mlock2, arguments) }
    };
    facts.saw_result("plain", &mlock2(0));
    facts.saw_result("onfault", &mlock2(MLOCK_ONFAULT));
    facts.saw_result("unknown", &mlock2(1 << 30));
    Ok(())
}
