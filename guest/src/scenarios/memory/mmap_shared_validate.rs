use std::ffi::c_int;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr;

use crate::scenarios::shared::*;

/// The way to learn whether mmap(2) knows a flag.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "mmap(MAP_SHARED_VALIDATE) of a file, and together with MAP_SYNC where no file is of that \
     kind; and the same of MAP_SHARED",
    probe,
    &[
        Claim::since(3, 2)
            .shows("validated=EINVAL validated.sync=EINVAL shared.sync=ok")
            .because("the type of a mapping is shared or private"),
        Claim::since(4, 15)
            .shows("validated=ok validated.sync=EOPNOTSUPP shared.sync=ok")
            .because("the third type is shared, and refuses a flag that MAP_SHARED ignores")
            .commit(
                "1c9725974074",
                "mm: introduce MAP_SHARED_VALIDATE, a mechanism to safely define new mmap flags",
            ),
    ],
)
.vendors(&[EL7
    .shows("validated=ok validated.sync=EOPNOTSUPP shared.sync=ok")
    .because("the type of 4.15 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let program = File::open("/proc/self/exe")?;
    let map = |flags: c_int| {
        let fd = program.as_raw_fd();
        // SAFETY: the kernel chooses a place where nothing is.
        let mapped = unsafe { libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ, flags, fd, 0) };
        let failed = mapped == libc::MAP_FAILED;
        if failed { Err(Errno::last()) } else { Ok(()) }
    };
    let validated = libc::MAP_SHARED_VALIDATE;
    facts.saw_result("validated", &map(validated));
    facts.saw_result("validated.sync", &map(validated | libc::MAP_SYNC));
    facts.saw_result("shared.sync", &map(libc::MAP_SHARED | libc::MAP_SYNC));
    Ok(())
}
