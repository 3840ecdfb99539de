use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::scenarios::shared::*;

/// What an overlay leaves where a file was.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "renameat2(RENAME_WHITEOUT) in a tmpfs by an ordinary user",
    probe,
    &[
        Claim::since(3, 2)
            .shows("whiteout=ENOSYS")
            .because("there is no renameat2(2)"),
        Claim::since(3, 15)
            .shows("whiteout=EINVAL")
            .because("the flag is unknown")
            .by(RENAMEAT2),
        Claim::since(3, 18)
            .shows("whiteout=EPERM")
            .because("a whiteout is a device, and making one takes CAP_MKNOD")
            .commit("46fdb794e3f5", "shmem: support RENAME_WHITEOUT"),
        Claim::since(5, 8)
            .shows("whiteout=ok")
            .because("the device does nothing, so any user may make it")
            .commit("a3c751a50fe6", "vfs: allow unprivileged whiteout creation"),
    ],
)
.vendors(&[EL7
    .shows("whiteout=EPERM")
    .because("the flag of 3.18 is there, and takes CAP_MKNOD")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let scratch = scratch()?;
    fs::set_permissions(scratch, Permissions::from_mode(0o777))?;
    become_ordinary_user()?;
    fs::write(scratch.join("one"), "")?;
    let renamed = renameat2(scratch, c"one", c"two", libc::RENAME_WHITEOUT);
    facts.saw_result("whiteout", &renamed);
    Ok(())
}
