use std::fs::{self, File};

use crate::scenarios::shared::*;

/// One write in the middle of a file that is open for appending.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pwritev2(RWF_NOAPPEND) at the beginning of a file of two bytes",
    probe,
    &[
        Claim::since(3, 2)
            .shows("noappend=refused")
            .because("there is no pwritev2(2), and then none that knows the flag"),
        Claim::since(6, 9)
            .shows("noappend=1 file=x2")
            .because("the flag undoes O_APPEND for one write")
            .commit("73fa7547c70b", "vfs: add RWF_NOAPPEND flag for pwritev2"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let path = scratch()?.join("file");
    fs::write(&path, "12")?;
    let file = File::options().append(true).open(&path)?;
    match pwritev2(&file, b'x', libc::RWF_NOAPPEND) {
        // Which error it is changed on the way, with what is done about unknown flags.
        Err(Errno::ENOSYS | Errno::EINVAL | Errno::EOPNOTSUPP) => facts.saw("noappend", "refused"),
        Ok(written) => {
            facts.saw("noappend", written);
            facts.saw("file", fs::read_to_string(path)?);
        }
        failed => facts.saw_count("noappend", failed),
    }
    Ok(())
}
