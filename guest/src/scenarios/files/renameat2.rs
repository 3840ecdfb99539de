use std::fs;

use crate::scenarios::shared::*;

/// A rename that does not replace, and one that swaps.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "renameat2(2) in a tmpfs, without flags, with RENAME_NOREPLACE and with RENAME_EXCHANGE",
    probe,
    &[
        Claim::since(3, 2)
            .shows("plain=ENOSYS noreplace=ENOSYS exchange=ENOSYS")
            .because("there is no renameat2(2)"),
        Claim::since(3, 15)
            .shows("plain=ok noreplace=EINVAL exchange=EINVAL")
            .because("file systems have to learn the flags, and tmpfs has not")
            .by(RENAMEAT2),
        Claim::since(3, 17)
            .shows("plain=ok noreplace=EEXIST exchange=ok")
            .because("tmpfs knows both")
            .commit("3b69ff51d087", "shmem: support RENAME_NOREPLACE"),
    ],
)
.vendors(&[EL7
    .shows("plain=ok noreplace=EEXIST exchange=ok")
    .because("the call of 3.15 is there, and tmpfs knows both flags")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let scratch = scratch()?;
    for name in ["one", "two", "three"] {
        fs::write(scratch.join(name), name)?;
    }
    let rename = |flags| renameat2(scratch, c"one", c"two", flags);
    facts.saw_result("plain", &renameat2(scratch, c"three", c"two", 0));
    facts.saw_result("noreplace", &rename(libc::RENAME_NOREPLACE));
    facts.saw_result("exchange", &rename(libc::RENAME_EXCHANGE));
    Ok(())
}
