use std::fs::{self, File};

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
    match pwritev2(&file, b'2', libc::RWF_APPEND) {
        Ok(written) => {
            facts.saw("append", written);
            facts.saw("size", file.metadata()?.len());
        }
        // Which error it is changed on the way, with what is done about unknown flags.
        Err(Errno::ENOSYS | Errno::EINVAL | Errno::EOPNOTSUPP) => facts.saw("append", "refused"),
        failed => facts.saw_count("append", failed),
    }
    Ok(())
}
