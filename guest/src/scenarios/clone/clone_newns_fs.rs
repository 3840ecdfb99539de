use crate::scenarios::shared::*;

/// A root directory belongs to one mount namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_NEWNS | CLONE_FS)",
    probe,
    &[Claim::since(3, 2).shows("clone=EINVAL").because(
        "processes of two mount namespaces cannot share a root and a working \
         directory",
    )],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let flags = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
