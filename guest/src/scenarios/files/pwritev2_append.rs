use std::fs::{self, File};
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// One write at the end of a file that is not open for appending.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pwritev2(RWF_APPEND) at the beginning of a file that holds a byte",
    probe,
    &[
        Claim::since(3, 2)
            .shows("append=refused")
            .because("there is no pwritev2(2), and then none that knows the flag"),
        Claim::since(4, 16)
            .shows("append=1 size=2")
            .because("the flag is O_APPEND for one write")
            .commit("e1fc742e14e0", "fs: add RWF_APPEND"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let path = scratch()?.join("file");
    fs::write(&path, "1")?;
    let file = File::options().write(true).open(path)?;
    let data = libc::iovec {
        iov_base: c"2".as_ptr().cast_mut().cast(),
        iov_len: 1,
    };
    let flags = libc::RWF_APPEND;
    let arguments = [
        file.as_raw_fd().into(),
        address(&data),
        1,
        0,
        0,
        flags.into(),
    ];
    // SAFETY: there is one byte to write.
    match unsafe { call(libc::SYS_pwritev2, arguments) } {
        Ok(written) => {
            facts.saw("append", written);
            facts.saw("size", file.metadata()?.len());
        }
        // Which error it is changed on the way, with what is done about unknown flags.
        Err(Errno::ENOSYS | Errno::EINVAL | Errno::EOPNOTSUPP) => facts.saw("append", "refused"),
        failed => facts.saw_result("append", &failed),
    }
    Ok(())
}
