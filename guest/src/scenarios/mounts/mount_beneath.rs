use crate::scenarios::shared::*;

/// A mount is replaced without a moment at which what is below it is seen.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "move_mount(2) of a new tmpfs beneath one that is mounted, which is then unmounted",
    probe,
    &[
        Claim::since(3, 2)
            .shows("tmpfs=ENOSYS")
            .because("there are no mounts that are nowhere yet"),
        Claim::since(5, 2)
            .shows("tmpfs=ok beneath=EINVAL")
            .because("move_mount(2) does not know MOVE_MOUNT_BENEATH")
            .by(FSOPEN),
        Claim::since(6, 5)
            .shows("tmpfs=ok beneath=ok below=tmpfs")
            .because("a mount can be put between one and where that is")
            .commit("6ac392815628", "fs: allow to mount beneath top mount"),
    ],
);

const MOVE_MOUNT_BENEATH: u32 = 0x200;

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    private_mounts()?;
    let place = mount_tmpfs()?;
    let new = unattached_tmpfs();
    facts.saw_result("tmpfs", &new);
    let Ok(new) = new else { return Ok(()) };
    let beneath = attach(&new, place, MOVE_MOUNT_BENEATH);
    facts.saw_result("beneath", &beneath);
    // A mount to which there is a descriptor is busy.
    drop(new);
    if beneath.is_ok() {
        nix::mount::umount(place)?;
        // Unmounted as often as there were two.
        let second = nix::mount::umount(place);
        facts.saw("below", if second.is_ok() { "tmpfs" } else { "nothing" });
    }
    Ok(())
}
