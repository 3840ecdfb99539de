use std::ffi::c_int;
use std::fs::File;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// How long what is written will live, for a disk that can use it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "fcntl(F_SET_RW_HINT) of a file",
    probe,
    &[
        Claim::since(3, 2)
            .shows("set=EINVAL")
            .because("fcntl(2) does not know it"),
        Claim::since(4, 13)
            .shows("set=ok")
            .because("a file has such a hint, whether or not anything makes use of it")
            .commit(
                "c75b1d9421f8",
                "fs: add fcntl() interface for setting/getting write life time hints",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const F_SET_RW_HINT: c_int = 1036;
    const RWH_WRITE_LIFE_SHORT: u64 = 2;
    let file = File::create(scratch()?.join("file"))?;
    // SAFETY: it reads a number that is there.
    let set = unsafe { libc::fcntl(file.as_raw_fd(), F_SET_RW_HINT, &RWH_WRITE_LIFE_SHORT) };
    facts.saw_result("set", &Errno::result(set));
    Ok(())
}
