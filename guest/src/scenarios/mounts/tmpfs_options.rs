use crate::scenarios::shared::*;

/// A file system refuses options that it does not know.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "a tmpfs is mounted with inode64, and with noswap",
    probe,
    &[
        Claim::since(3, 2)
            .shows("inode64=EINVAL noswap=EINVAL")
            .because("neither is an option"),
        Claim::since(5, 9)
            .shows("inode64=ok noswap=EINVAL")
            .because("a tmpfs can count its inodes by itself, and beyond 32 bits")
            .commit("ea3271f7196c", "tmpfs: support 64-bit inums per-sb"),
        Claim::since(6, 4)
            .shows("inode64=ok noswap=ok")
            .because("a tmpfs can be kept out of swap")
            .commit("2c6efe9cf2d7", "shmem: add support to ignore swap"),
    ],
)
.not_on_a_host("swap is not for a user namespace to refuse");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    private_mounts()?;
    for option in ["inode64", "noswap"] {
        let mounted = mount_on("/tmp".as_ref(), "tmpfs", Some(option));
        facts.saw_result(option, &mounted);
    }
    Ok(())
}
