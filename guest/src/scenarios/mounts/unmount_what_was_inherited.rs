use nix::mount::umount;

use crate::scenarios::shared::*;

/// What is below a mount can be what it is to hide.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "umount(2), in a new user and mount namespace, of what was mounted before and of what \
     is mounted in it",
    probe,
    &[
        no_user_unshare_yet("unshare=EINVAL before=ok"),
        Claim::since(3, 8)
            .shows("unshare=ok before=ok")
            .because("the new namespace's root may unmount everything in it")
            .by(UNSHARE_USER),
        Claim::since(3, 12)
            .shows("unshare=ok before=EINVAL")
            .because("mounts of a more privileged namespace are locked together")
            .commit(
                "5ff9d8a65ce8",
                "vfs: Lock in place mounts from more privileged users",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    private_mounts()?;
    let before = mount_tmpfs()?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
    facts.saw_result("unshare", &unshare(flags));
    facts.saw_result("before", &umount(before));
    Ok(())
}
