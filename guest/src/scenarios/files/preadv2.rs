use std::fs::File;

use crate::scenarios::shared::*;

/// Reading with flags.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "preadv2(2) without flags",
    probe,
    &[
        Claim::since(3, 2)
            .shows("read=ENOSYS")
            .because("there is no preadv2(2)"),
        Claim::since(4, 6)
            .shows("read=1")
            .because("a read can have flags, which preadv(2) has no argument for")
            // The commit was seen, its title was not.
            .commit(
                "f17d8b35452c",
                "vfs: vfs: Define new syscalls preadv2,pwritev2",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let file = File::open("/proc/version")?;
    facts.saw_count("read", preadv2(&file, 0));
    Ok(())
}
