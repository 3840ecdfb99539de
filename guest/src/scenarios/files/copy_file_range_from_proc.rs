use std::fs::File;

use crate::scenarios::shared::*;

/// Such a file says that it is empty, and is not.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "copy_file_range(2) from /proc/self/cmdline to a tmpfs",
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
            .shows("copied=0")
            .because("any two files will do, and no more is copied than the size says: nothing")
            .by(ACROSS)
            .links(&["https://github.com/golang/go/issues/44272"]),
        Claim::since(5, 19)
            .shows("copied=EXDEV")
            .because("both files must be of one file system again")
            .by(NOT_ACROSS),
    ],
)
.vendors(&[EL7_COPY.shows("copied=EXDEV")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let to = File::create(scratch()?.join("to"))?;
    let from = File::open("/proc/self/cmdline")?;
    facts.saw_count("copied", copy_file_range(&from, &to, 0));
    Ok(())
}
