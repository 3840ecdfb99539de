use crate::scenarios::shared::*;

/// The set of capabilities that survives an execve(2) without set-user-ID.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "prctl(PR_CAP_AMBIENT): to raise what cannot be inherited, and to clear all",
    probe,
    &[
        Claim::since(3, 2)
            .shows("raise=EINVAL clear=EINVAL")
            .because("there are no ambient capabilities"),
        Claim::since(4, 3)
            .shows("raise=EPERM clear=ok")
            .because("ambient is only what is also permitted and inheritable")
            .by(AMBIENT),
    ],
)
.vendors(&[EL7
    .shows("raise=EPERM clear=ok")
    .because("the capabilities of 4.3 are there")]);

const CAP_CHOWN: libc::c_long = 0;

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let ambient = |what: libc::c_int, capability| {
        prctl(libc::PR_CAP_AMBIENT, [what as libc::c_long, capability])
    };
    facts.saw_result("raise", &ambient(libc::PR_CAP_AMBIENT_RAISE, CAP_CHOWN));
    facts.saw_result("clear", &ambient(libc::PR_CAP_AMBIENT_CLEAR_ALL, 0));
    Ok(())
}
