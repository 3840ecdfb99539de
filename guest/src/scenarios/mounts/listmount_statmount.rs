use crate::scenarios::shared::*;

/// Mounts by their own numbers, without the text of /proc/PID/mountinfo.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "listmount(2) of the first mount below the root, and statmount(2) of it",
    probe,
    &[
        Claim::since(3, 2)
            .shows("listmount=ENOSYS")
            .because("there is no listmount(2)"),
        Claim::since(6, 8)
            .shows("listmount=ok statmount=ok")
            .because("a mount has a number that is never used again, and can be asked for by it")
            .commit("b4c2bea8ceaa", "add listmount(2) syscall"),
    ],
);

/// The root of the caller's mount namespace.
const LSMT_ROOT: u64 = u64::MAX;

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    private_mounts()?;
    let first = listmount(LSMT_ROOT);
    facts.saw_result("listmount", &first);
    if let Ok(first) = first {
        facts.saw_result("statmount", &statmount(first));
    }
    Ok(())
}
