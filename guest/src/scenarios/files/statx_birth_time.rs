use std::ffi::CString;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;

use crate::scenarios::shared::*;

/// Not every file system knows when a file was made.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "statx(STATX_BTIME) of a file of a tmpfs",
    probe,
    &[
        Claim::since(3, 2)
            .shows("birth=ENOSYS")
            .because("there is no statx(2)"),
        Claim::since(4, 11)
            .shows("birth=unknown")
            .because("statx(2) tells when a file was made, but a tmpfs does not keep it")
            .by(STATX),
        Claim::since(5, 19)
            .shows("birth=known")
            .because("a tmpfs keeps it")
            .commit("f7cd16a55837", "tmpfs: support for file creation time"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let path = scratch()?.join("file");
    File::create(&path)?;
    let path = CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
    match statx(&path, 0, libc::STATX_BTIME) {
        Ok(of) if of.stx_mask & libc::STATX_BTIME == 0 => facts.saw("birth", "unknown"),
        Ok(_) => facts.saw("birth", "known"),
        failed => facts.saw_result("birth", &failed),
    }
    Ok(())
}
