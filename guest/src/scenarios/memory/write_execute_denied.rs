use crate::scenarios::shared::*;

/// What systemd does with a filter of system calls, done by the kernel.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_SET_MDWE), then mprotect(PROT_EXEC) of a page that was writable",
    probe,
    &[
        Claim::since(3, 2)
            .shows("prctl=EINVAL mprotect=ok")
            .because("prctl(2) knows no PR_SET_MDWE"),
        Claim::since(6, 3)
            .shows("prctl=ok mprotect=EACCES")
            .because("a process can give up making memory executable")
            .by(DENY_WRITE_EXECUTE),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const REFUSE_EXEC_GAIN: libc::c_long = 1;
    let page = Pages::map(1)?;
    let set = prctl(libc::PR_SET_MDWE, [REFUSE_EXEC_GAIN]);
    facts.saw_result("prctl", &set);
    facts.saw_result("mprotect", &page.protect(libc::PROT_READ | libc::PROT_EXEC));
    Ok(())
}
