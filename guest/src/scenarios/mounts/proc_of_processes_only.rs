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
            .by(PROC_SUBSET),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    private_mounts()?;
    match proc_of_processes(facts)? {
        Some(processes) => look_into_proc(facts, &fsmount(&processes)?),
        None => Ok(()),
    }
}
