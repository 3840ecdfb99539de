use std::fs::{self, File};

use crate::scenarios::shared::*;

/// A copy that the kernel makes, from one file to another of the same file system.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "copy_file_range(2) within a tmpfs, and with a flag that no kernel knows",
    probe,
    &[
        Claim::since(3, 2)
            .shows("copied=ENOSYS unknown=ENOSYS")
            .because("there is no copy_file_range(2)"),
        Claim::since(4, 5)
            .shows("copied=5 unknown=EINVAL")
            .because("the kernel copies, and may know a way that copies nothing")
            .by(COPY_FILE_RANGE)
            .links(&[
                "https://github.com/golang/go/issues/40731",
                "https://github.com/libuv/libuv/issues/3069",
            ]),
    ],
)
.vendors(&[
    VendorClaim::of("el7")
        .since(1062)
        .shows("unknown=EINVAL")
        .because("the call of 4.5 is there, in what calls itself 3.10")
        .source("https://github.com/dcui/RHEL77"),
    VendorClaim::of("el7")
        .since(1160)
        .shows("copied=ENOSYS unknown=EINVAL")
        .because("it copies where the file system can, and says elsewhere that it is not there")
        .source("https://github.com/tremb1e/linux-3.10.0-1160.el7"),
]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let scratch = scratch()?;
    let from = scratch.join("from");
    fs::write(&from, "12345")?;
    let (from, to) = (File::open(from)?, File::create(scratch.join("to"))?);
    facts.saw_count("copied", copy_file_range(&from, &to, 0));
    facts.saw_count("unknown", copy_file_range(&from, &to, 1));
    Ok(())
}
