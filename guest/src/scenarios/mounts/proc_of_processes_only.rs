use std::path::Path;

use crate::scenarios::shared::*;

/// A /proc without what is not about processes.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "/proc is mounted by fsopen(2) with subset=pid",
    probe,
    &[
        Claim::since(3, 2)
            .shows("fsopen=ENOSYS")
            .because("mount(2) is the only way"),
        Claim::since(5, 2)
            .shows("fsopen=ok subset=EINVAL")
            .because("subset is no option")
            .by(FSOPEN),
        Claim::since(5, 8)
            .shows("fsopen=ok subset=ok self=present meminfo=absent")
            .because("a /proc can have the processes only")
            .commit(
                "6814ef2d992a",
                "proc: add option to mount only a pids subset",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    private_mounts()?;
    let context = fsopen(c"proc");
    facts.saw_result("fsopen", &context);
    let Ok(context) = context else { return Ok(()) };
    let subset = fsconfig_set(&context, c"subset", c"pid");
    facts.saw_result("subset", &subset);
    if subset.is_err() {
        return Ok(());
    }
    fsconfig_create(&context)?;
    attach(&fsmount(&context)?, "/tmp".as_ref(), 0)?;
    for name in ["self", "meminfo"] {
        let is_there = Path::new("/tmp").join(name).exists();
        facts.saw(name, if is_there { "present" } else { "absent" });
    }
    Ok(())
}
