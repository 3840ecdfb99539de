use std::fs::File;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// What chattr(1) and lsattr(1) use.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "ioctl(FS_IOC_GETFLAGS) of a file of a tmpfs",
    probe,
    &[
        Claim::since(3, 2)
            .shows("ioctl=ENOTTY")
            .because("the files of a tmpfs have no such attributes"),
        Claim::since(6, 0)
            .shows("ioctl=ok")
            .because("a file of a tmpfs can be immutable, and the like")
            .commit(
                "e408e695f5f1",
                "mm/shmem: support FS_IOC_[SG]ETFLAGS in tmpfs",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    // _IOR('f', 1, long)
    const FS_IOC_GETFLAGS: libc::Ioctl = 0x8008_6601_u32 as libc::Ioctl;
    let file = File::create(scratch()?.join("file"))?;
    let mut flags = 0_i64;
    // SAFETY: it writes a number, for which there is room.
    let got = unsafe { libc::ioctl(file.as_raw_fd(), FS_IOC_GETFLAGS, &raw mut flags) };
    facts.saw_result("ioctl", &Errno::result(got));
    Ok(())
}
