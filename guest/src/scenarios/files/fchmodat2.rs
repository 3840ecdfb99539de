use std::ffi::{CStr, c_int};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;

use crate::scenarios::shared::*;

/// The same number everywhere; not every C library has its name
/// (include/uapi/asm-generic/unistd.h).
const FCHMODAT2: libc::c_long = 452;

/// The flags of fchmodat(3) were the C library's affair.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "fchmodat2(AT_SYMLINK_NOFOLLOW) of a file and of a symbolic link",
    probe,
    &[
        Claim::since(3, 2)
            .shows("file=ENOSYS link=ENOSYS")
            .because("there is no fchmodat2(2)"),
        Claim::since(6, 6)
            .shows("file=ok link=EOPNOTSUPP")
            .because("the mode of a symbolic link has no meaning, and cannot be changed")
            .commit("09da082b07bb", "fs: Add fchmodat2()")
            .links(&["https://github.com/systemd/systemd/pull/29817"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let scratch = scratch()?;
    File::create(scratch.join("file"))?;
    symlink("file", scratch.join("link"))?;
    let directory = File::open(scratch)?;
    let chmod = |name: &CStr| {
        let flags: c_int = libc::AT_SYMLINK_NOFOLLOW;
        let directory = directory.as_raw_fd().into();
        let arguments = [directory, name.as_ptr() as i64, 0o600, flags.into()];
        // SAFETY: the name ends with a zero.
        unsafe { call(FCHMODAT2, arguments) }
    };
    facts.saw_result("file", &chmod(c"file"));
    facts.saw_result("link", &chmod(c"link"));
    Ok(())
}
