use std::fs;

use crate::scenarios::shared::*;

/// What another namespace mounts cannot keep a directory from being removed.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "rmdir(2) of a directory on which something is mounted in another namespace only",
    probe,
    &[
        Claim::since(3, 2)
            .shows("rmdir=EBUSY")
            .because("a directory on which anything is mounted stays, wherever that is seen"),
        Claim::since(3, 18)
            .shows("rmdir=ok")
            .because("mounts that are seen elsewhere go with the directory")
            .commit(
                "8ed936b5671b",
                "vfs: Lazily remove mounts on unlinked files and directories.",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PLACE: &str = "/tmp/remove_what_is_mounted_elsewhere";
    fs::create_dir(PLACE)?;
    let child = mounting_child(PLACE)?;
    let removed = fs::remove_dir(PLACE).map_err(errno_of);
    facts.saw_result("rmdir", &removed);
    let pid = child.pid();
    child.end()?;
    waitpid(pid, None)?;
    if removed.is_err() {
        fs::remove_dir(PLACE)?;
    }
    Ok(())
}

/// A child with a mount namespace in which a tmpfs is mounted on a directory.
fn mounting_child(place: &str) -> Result<Child, Errno> {
    // Another process mounts, so that this one stays where it is. It has the same
    // descriptors, by which the child is told to end.
    sharing_memory(CloneFlags::CLONE_FILES, || {
        private_mounts()?;
        mount_on(place.as_ref(), "tmpfs", None)?;
        Child::clone(CloneFlags::CLONE_PARENT)
    })?
}
