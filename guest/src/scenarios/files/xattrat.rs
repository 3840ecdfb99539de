use std::fs::File;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// The last calls about files that took no directory.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "listxattrat(2) of a file by its directory",
    probe,
    &[
        Claim::since(3, 2)
            .shows("list=ENOSYS")
            .because("extended attributes are to be had by path or descriptor alone"),
        Claim::since(6, 13)
            .shows("list=ok")
            .because("there is a call with a directory and flags for each of them")
            .commit("6140be90ec70", "fs/xattr: add *at family syscalls"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const SYS_LISTXATTRAT: i64 = 465;
    let scratch = scratch()?;
    File::create(scratch.join("file"))?;
    let directory = File::open(scratch)?;
    let arguments = [directory.as_raw_fd().into(), address(c"file"), 0, 0, 0];
    // SAFETY: the name ends with a zero, and there is room for no attribute.
    let listed = unsafe { call(SYS_LISTXATTRAT, arguments) };
    facts.saw_result("list", &listed);
    Ok(())
}
