use std::fs::{self, File};

use crate::scenarios::shared::*;

/// Programs that move files found that it works, and then that it does not.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "copy_file_range(2) from a tmpfs to a ramfs",
    probe,
    &[
        Claim::since(3, 2)
            .shows("copied=ENOSYS")
            .because("there is no copy_file_range(2)"),
        Claim::since(4, 5)
            .shows("copied=EXDEV")
            .because("both files must be of one file system")
            .by(COPY_FILE_RANGE),
        Claim::since(5, 3)
            .shows("copied=5")
            .because("the kernel reads and writes where a file system has no way of its own")
            .by(ACROSS),
        Claim::since(5, 19)
            .shows("copied=EXDEV")
            .because("it is left to the caller again, as some files cannot be copied like that")
            .by(NOT_ACROSS)
            .links(&["https://github.com/transmission/transmission/issues/3654"]),
    ],
)
.vendors(&[EL7_COPY.shows("copied=EXDEV")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let scratch = scratch()?;
    let (from, other) = (scratch.join("from"), scratch.join("other"));
    fs::write(&from, "12345")?;
    fs::create_dir(&other)?;
    mount_scratch("ramfs", &other)?;
    let (from, to) = (File::open(from)?, File::create(other.join("to"))?);
    facts.saw_count("copied", copy_file_range(&from, &to, 0));
    Ok(())
}
