use std::ffi::c_long;

use crate::scenarios::shared::*;

/// A barrier in all threads of a process, which only one of them asks for.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "membarrier(2) for the process's own threads before it is registered, then registered; and \
     the same for code that was written",
    probe,
    &[
        Claim::since(3, 2)
            .shows("early=EINVAL register=EINVAL private=EINVAL core=EINVAL")
            .because("there is no such call, or only one that waits for the whole system"),
        Claim::since(4, 14)
            .shows("early=EPERM register=ok private=ok core=EINVAL")
            .because("a process that says so first can interrupt its own threads")
            .commit(
                "22e4ebb97582",
                "membarrier: Provide expedited private command",
            ),
        Claim::since(4, 16)
            .shows("early=EPERM register=ok private=ok core=ok")
            .because("it can have them read again what they execute")
            .commit(
                "70216e18e519",
                "membarrier: Provide core serializing command, *_SYNC_CORE",
            ),
    ],
)
.vendors(&[EL7
    .shows("early=EPERM register=ok private=ok core=ok")
    .because("the commands of 4.14 and 4.16 are there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const QUERY: c_long = 0;
    const PRIVATE: c_long = 1 << 3;
    const REGISTER_PRIVATE: c_long = 1 << 4;
    const REGISTER_CORE: c_long = 1 << 6;
    // SAFETY: it takes numbers.
    let barrier = |command| unsafe { call(libc::SYS_membarrier, [command, 0]) };
    if barrier(QUERY) == Err(Errno::ENOSYS) {
        return Err(ProbeError::NotApplicable("no membarrier(2)".to_owned()));
    }
    facts.saw_result("early", &barrier(PRIVATE));
    facts.saw_result("register", &barrier(REGISTER_PRIVATE));
    facts.saw_result("private", &barrier(PRIVATE));
    facts.saw_result("core", &barrier(REGISTER_CORE));
    Ok(())
}
