use std::path::Path;

use crate::scenarios::shared::*;

/// How much memory pipes may take, of one and of all that a user has.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the sysctls fs.pipe-max-size, fs.pipe-user-pages-soft and fs.pipe-user-pages-hard",
    probe,
    &[
        Claim::since(3, 2)
            .shows("one=present soft=absent hard=absent")
            .because("one pipe is limited, but a user may have many"),
        Claim::since(4, 5)
            .shows("one=present soft=present hard=present")
            .because("all pipes of a user count together")
            .commit(
                "759c01142a5d",
                "pipe: limit the per-user amount of pages allocated in pipes",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    for (name, sysctl) in [
        ("one", "pipe-max-size"),
        ("soft", "pipe-user-pages-soft"),
        ("hard", "pipe-user-pages-hard"),
    ] {
        let present = Path::new("/proc/sys/fs").join(sysctl).exists();
        facts.saw(name, if present { "present" } else { "absent" });
    }
    Ok(())
}
