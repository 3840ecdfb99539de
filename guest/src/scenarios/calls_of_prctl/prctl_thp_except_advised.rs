use crate::scenarios::shared::*;

/// A process does without huge pages but where it asks for them.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_SET_THP_DISABLE) with PR_THP_DISABLE_EXCEPT_ADVISED",
    probe,
    &[
        Claim::since(3, 2)
            .shows("set=EINVAL")
            .because("it is all or nothing"),
        Claim::since(6, 18)
            .shows("set=ok")
            .because("memory of which madvise(2) says so can have huge pages")
            .commit(
                "9dc21bbd62ed",
                "prctl: extend PR_SET_THP_DISABLE to optionally exclude VM_HUGEPAGE",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const EXCEPT_ADVISED: libc::c_long = 2;
    let set = prctl(libc::PR_SET_THP_DISABLE, [1, EXCEPT_ADVISED]);
    facts.saw_result("set", &set);
    Ok(())
}
