use std::fs::File;

use crate::scenarios::shared::*;

/// Attributes of a mount are changed by themselves, not all set at once.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "mount_setattr(2) makes a tmpfs read-only, and sets what is no attribute",
    probe,
    &[
        Claim::since(3, 2)
            .shows("read_only=ENOSYS unknown=ENOSYS write=ok")
            .because("there is no mount_setattr(2)"),
        Claim::since(5, 12)
            .shows("read_only=ok unknown=EINVAL write=EROFS")
            .because("an attribute can be set without knowing the others, for a tree as well")
            .commit("2a1867219c7b", "fs: add mount_setattr()"),
    ],
);

const MOUNT_ATTR_RDONLY: u64 = 1;
const NO_ATTRIBUTE: u64 = 1 << 40;

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    private_mounts()?;
    let place = mount_tmpfs()?;
    facts.saw_result("read_only", &mount_setattr(place, MOUNT_ATTR_RDONLY));
    facts.saw_result("unknown", &mount_setattr(place, NO_ATTRIBUTE));
    let written = File::create(place.join("file"));
    facts.saw_result("write", &written.map_err(errno_of));
    Ok(())
}
