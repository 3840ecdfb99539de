use crate::scenarios::shared::*;

/// A file system is made, mounted and put into its place one after the other.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "fsopen(2), fsconfig(2), fsmount(2) and move_mount(2) of a tmpfs",
    probe,
    &[
        Claim::since(3, 2)
            .shows("fsopen=ENOSYS")
            .because("mount(2) is the only way"),
        Claim::since(5, 2)
            .shows("fsopen=ok create=ok fsmount=ok move=ok")
            .because("each step has a call, and works on descriptors")
            .by(FSOPEN)
            .links(&["https://github.com/sosy-lab/benchexec/issues/1271"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    private_mounts()?;
    let context = fsopen(c"tmpfs");
    facts.saw_result("fsopen", &context);
    let Ok(context) = context else { return Ok(()) };
    facts.saw_result("create", &fsconfig_create(&context));
    let mount = fsmount(&context);
    facts.saw_result("fsmount", &mount);
    facts.saw_result("move", &attach(&mount?, "/tmp".as_ref(), 0));
    Ok(())
}
