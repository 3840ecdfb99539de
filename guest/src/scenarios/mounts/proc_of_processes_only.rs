use std::path::Path;

use crate::scenarios::shared::*;

/// A /proc without what is not about processes.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "/proc is mounted with subset=pid in a new PID namespace",
    probe,
    &[
        Claim::since(3, 2)
            .shows("mount=EINVAL")
            .because("subset is no option"),
        Claim::since(5, 8)
            .shows("mount=ok self=present meminfo=absent")
            .because("a /proc can have the processes only")
            .commit(
                "6814ef2d992a",
                "proc: add option to mount only a pids subset",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWPID, "CONFIG_PID_NS")?;
    private_mounts()?;
    // An old kernel has options of a PID namespace, not of a mount: let it be a new one.
    sharing_memory(CloneFlags::CLONE_NEWPID, || {
        let mounted = mount_on("/tmp".as_ref(), "proc", Some("subset=pid"));
        facts.saw_result("mount", &mounted);
        if mounted.is_ok() {
            for name in ["self", "meminfo"] {
                let is_there = Path::new("/tmp").join(name).exists();
                facts.saw(name, if is_there { "present" } else { "absent" });
            }
        }
    })?;
    Ok(())
}
