use crate::probe::{Child, CloneFlags};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// A root directory belongs to one mount namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newns_fs",
    summary: "clone(CLONE_NEWNS | CLONE_FS)",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("clone=EINVAL")
        .because(
            "processes of two mount namespaces cannot share a root and a working \
         directory",
        )
        .observed(versions![
            "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
            "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
        ])],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let flags = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
