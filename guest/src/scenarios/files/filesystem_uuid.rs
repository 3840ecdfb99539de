use std::fs::File;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// The identity of a file system, whichever it is.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "ioctl(FS_IOC_GETFSUUID) of a tmpfs",
    probe,
    &[
        Claim::since(3, 2)
            .shows("ioctl=ENOTTY")
            .because("some file systems have a call of their own"),
        Claim::since(6, 9)
            .shows("ioctl=ok")
            .because("one call serves all that have an identity, as a tmpfs has")
            .commit("41bcbe59c3b3", "fs: FS_IOC_GETUUID"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    // _IOR(0x15, 0, struct fsuuid2), which has 17 bytes.
    const FS_IOC_GETFSUUID: libc::Ioctl = 0x8011_1500_u32 as libc::Ioctl;
    let directory = File::open(scratch()?)?;
    let mut found = [0_u8; 17];
    // SAFETY: there is room for what is found.
    let got = unsafe { libc::ioctl(directory.as_raw_fd(), FS_IOC_GETFSUUID, &raw mut found) };
    facts.saw_result("ioctl", &Errno::result(got));
    Ok(())
}
