use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;

use crate::scenarios::shared::*;

/// Containers keep what they know of a file in such attributes.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setxattr(2) of a user attribute of a file of a tmpfs",
    probe,
    &[
        Claim::since(3, 2)
            .shows("user=EOPNOTSUPP")
            .because("a tmpfs has attributes for the system only, which no user can fill it with"),
        Claim::since(6, 6)
            .shows("user=ok")
            .because("what users put there is limited")
            .commit(
                "2daf18a7884d",
                "tmpfs,xattr: enable limited user extended attributes",
            )
            .links(&["https://github.com/dosemu2/dosemu2/issues/1467"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let path = scratch()?.join("file");
    File::create(&path)?;
    let path = CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
    let set = |name: &CStr| {
        // SAFETY: both strings end with a zero, and the value has one byte.
        let set =
            unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), c"1".as_ptr().cast(), 1, 0) };
        Errno::result(set)
    };
    // Root of a user namespace is told EPERM, and then the kernel has attributes.
    if set(c"trusted.strata") == Err(Errno::EOPNOTSUPP) {
        return Err(ProbeError::NotApplicable("CONFIG_TMPFS_XATTR".to_owned()));
    }
    facts.saw_result("user", &set(c"user.strata"));
    Ok(())
}
