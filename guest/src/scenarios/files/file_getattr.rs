use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;

use crate::scenarios::shared::*;

/// Attributes of files that no ioctl(2) can reach, as they cannot be opened.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "file_getattr(2) of a file of a tmpfs, and with a flag that no kernel knows",
    probe,
    &[
        Claim::since(3, 2)
            .shows("file=ENOSYS unknown=ENOSYS")
            .because("there is an ioctl(2) for what is open"),
        Claim::since(6, 17)
            .shows("file=ok unknown=EINVAL")
            .because("attributes are to be had by path")
            .commit(
                "be7efb2d20d6",
                "fs: introduce file_getattr and file_setattr syscalls",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const SYS_FILE_GETATTR: i64 = 468;
    let scratch = scratch()?;
    File::create(scratch.join("file"))?;
    symlink("file", scratch.join("link"))?;
    let directory = File::open(scratch)?;
    let ask = |flags| {
        // `struct file_attr` of its first version has 24 bytes.
        let mut found = [0_u64; 3];
        let found = [address_mut(&mut found), size_of_val(&found) as i64];
        let name = address(c"file");
        let arguments = [
            directory.as_raw_fd().into(),
            name,
            found[0],
            found[1],
            flags,
        ];
        // SAFETY: the name ends with a zero, and there is room for what is found.
        unsafe { call(SYS_FILE_GETATTR, arguments) }
    };
    facts.saw_result("file", &ask(0));
    facts.saw_result("unknown", &ask(1 << 30));
    Ok(())
}
