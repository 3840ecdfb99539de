use crate::scenarios::shared::*;

/// A process can do without huge pages, and its children with it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_SET_THP_DISABLE), and prctl(PR_GET_THP_DISABLE) by a child",
    probe,
    &[
        Claim::since(3, 2)
            .shows("set=EINVAL child=EINVAL")
            .because("huge pages are for the whole system, or by madvise(2)"),
        Claim::since(3, 15)
            .shows("set=ok child=1")
            .because("it is a property of the memory, which a child inherits")
            .commit(
                "a0715cc22601",
                "mm, thp: add VM_INIT_DEF_MASK and PRCTL_THP_DISABLE",
            ),
    ],
)
.vendors(&[EL7
    .shows("set=ok child=1")
    .because("the option of 3.15 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw_result("set", &prctl(libc::PR_SET_THP_DISABLE, [1]));
    in_a_process(facts, |facts| {
        match prctl(libc::PR_GET_THP_DISABLE, []) {
            Ok(disabled) => facts.saw("child", disabled),
            Err(errno) => facts.saw("child", format!("{errno:?}")),
        }
        Ok(())
    })
}
