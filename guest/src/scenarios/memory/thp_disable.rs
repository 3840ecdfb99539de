use crate::scenarios::shared::*;

/// Databases turn huge pages off for themselves.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_SET_THP_DISABLE), and what a child inherits",
    probe,
    &[
        Claim::since(3, 2)
            .shows("prctl=EINVAL")
            .because("huge pages are a matter of the whole system, or of each mapping"),
        Claim::since(3, 15)
            .shows("prctl=ok child=1")
            .because("a process can do without huge pages, and so do its children")
            .commit(
                "a0715cc22601",
                "mm, thp: add VM_INIT_DEF_MASK and PRCTL_THP_DISABLE",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let ask = |option, value: libc::c_ulong| {
        // SAFETY: it takes numbers.
        Errno::result(unsafe { libc::prctl(option, value, 0_u64, 0_u64, 0_u64) })
    };
    let set = ask(libc::PR_SET_THP_DISABLE, 1);
    facts.saw_result("prctl", &set);
    if set.is_ok() {
        let got = || ask(libc::PR_GET_THP_DISABLE, 0).unwrap_or(-1);
        let child = fork_child(|| std::process::exit(got()))?;
        if let WaitStatus::Exited(_, got) = waitpid(child, None)? {
            facts.saw("child", got);
        }
    }
    Ok(())
}
