use nix::sys::ptrace::Options;

use crate::scenarios::shared::*;

/// Which signals a stopped process blocks.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "PTRACE_GETSIGMASK of a child that is stopped",
    probe,
    &[
        Claim::since(3, 2)
            .shows("mask=EIO")
            .because("it is no request of ptrace(2)"),
        Claim::since(3, 11)
            .shows("mask=ok")
            .because("a checkpoint needs to know the mask of the signals")
            .commit(
                "29000caecbe8",
                "ptrace: add ability to get/set signal-blocked mask",
            ),
    ],
)
.vendors(&[EL7.shows("mask=ok").because("the request of 3.11 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PTRACE_GETSIGMASK: libc::c_long = 0x420a;
    let tracee = Tracee::start(Options::empty(), || {})?;
    facts.saw_result("mask", &tracee.request(PTRACE_GETSIGMASK, &mut [0]));
    Ok(())
}
