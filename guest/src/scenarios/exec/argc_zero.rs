use crate::scenarios::shared::*;

/// A program that trusts its first argument may read its environment instead.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "execve(2) without any argument",
    probe,
    &[
        Claim::since(3, 2)
            .shows("argc=0")
            .because("the program gets what it is given, though that has not even a name"),
        Claim::since(5, 18)
            .shows("argc=1")
            .because("it is given an empty string for a name")
            .commit(
                "dcd46d897adb",
                "exec: Force single empty string when argv is empty",
            )
            .backported(versions![
                "4.9.317", "4.14.282", "4.19.246", "5.4.197", "5.10.110", "5.15.33", "5.16.19",
                "5.17.2",
            ])
            .links(&["https://github.com/KSPP/linux/issues/176"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (_, seen) = observe_program(|_, report| {
        let _ = exec_program_without_arguments(&report);
    })?;
    facts.saw("argc", seen.get("argc").unwrap_or("unknown"));
    Ok(())
}
