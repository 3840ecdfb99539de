use crate::scenarios::shared::*;

/// How a program learns where a mount begins.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "statx(2) of /proc and of /proc/version: is it the root of a mount, and which mount is it",
    probe,
    &[
        Claim::since(3, 2)
            .shows("statx=ENOSYS")
            .because("there is no statx(2)"),
        Claim::since(4, 11)
            .shows("statx=ok root=unknown file=unknown id=unknown unique=unknown")
            .because("mounts are to be had from /proc/self/mountinfo")
            .by(STATX),
        Claim::since(5, 8)
            .shows("statx=ok root=yes file=no id=known unique=unknown")
            .because("a file has the number of its mount, as it is in mountinfo")
            .commit("fa2fcf4f1df1", "statx: add mount ID"),
        Claim::since(6, 8)
            .shows("statx=ok root=yes file=no id=known unique=known")
            .because("a mount has a number too that no other mount will have")
            .commit("98d2b4308197", "add unique mount ID"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const STATX_MNT_ID_UNIQUE: u32 = 1 << 14;
    let root = statx(c"/proc", 0, libc::STATX_MNT_ID);
    facts.saw_result("statx", &root);
    let Ok(root) = root else { return Ok(()) };
    facts.saw("root", is_root(&root));
    facts.saw("file", is_root(&statx(c"/proc/version", 0, 0)?));
    facts.saw("id", known(&root, libc::STATX_MNT_ID));
    let unique = statx(c"/proc", 0, STATX_MNT_ID_UNIQUE)?;
    facts.saw("unique", known(&unique, STATX_MNT_ID_UNIQUE));
    Ok(())
}

fn is_root(of: &libc::statx) -> &'static str {
    const STATX_ATTR_MOUNT_ROOT: u64 = 1 << 13;
    if of.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT == 0 {
        "unknown"
    } else if of.stx_attributes & STATX_ATTR_MOUNT_ROOT == 0 {
        "no"
    } else {
        "yes"
    }
}

fn known(of: &libc::statx, what: u32) -> &'static str {
    if of.stx_mask & what == 0 {
        "unknown"
    } else {
        "known"
    }
}
