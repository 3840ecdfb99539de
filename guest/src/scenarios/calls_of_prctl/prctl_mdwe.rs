use crate::scenarios::shared::*;

/// Memory that was written can no longer become code.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_SET_MDWE), with PR_MDWE_NO_INHERIT and then without",
    probe,
    &[
        Claim::since(3, 2)
            .shows("own=EINVAL children=EINVAL")
            .because("only a filter of system calls can forbid it"),
        Claim::since(6, 3)
            .shows("own=EINVAL children=ok")
            .because("mmap(2) and mprotect(2) can refuse it, and children inherit that")
            .by(DENY_WRITE_EXECUTE),
        Claim::since(6, 7)
            .shows("own=ok children=EPERM")
            .because("it can be for one process only; once it is set it stays as it is")
            .commit(
                "24e41bf8a6b4",
                "mm: add a NO_INHERIT flag to the PR_SET_MDWE prctl",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const REFUSE_EXEC_GAIN: libc::c_long = 1;
    const NO_INHERIT: libc::c_long = 2;
    let own = prctl(libc::PR_SET_MDWE, [REFUSE_EXEC_GAIN | NO_INHERIT]);
    facts.saw_result("own", &own);
    let children = prctl(libc::PR_SET_MDWE, [REFUSE_EXEC_GAIN]);
    facts.saw_result("children", &children);
    Ok(())
}
