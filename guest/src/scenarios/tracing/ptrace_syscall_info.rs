use nix::sys::ptrace::Options;

use crate::scenarios::shared::*;

/// A tracer need not know the registers of the architecture.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "PTRACE_GET_SYSCALL_INFO at the beginning of a system call, and PTRACE_SET_SYSCALL_INFO of \
     the same",
    probe,
    &[
        Claim::since(3, 2)
            .shows("get=EIO set=EIO")
            .because("neither is a request of ptrace(2)"),
        Claim::since(5, 3)
            .shows("get=ok set=EIO")
            .because("the kernel tells which call it is and what its arguments are")
            .commit(
                "201766a20e30",
                "ptrace: add PTRACE_GET_SYSCALL_INFO request",
            )
            .links(&["https://github.com/ranweiler/pete/issues/37"]),
        Claim::since(6, 16)
            .shows("get=ok set=ok")
            .because("a tracer can change the call by the same means")
            .commit(
                "26bb32768fe6",
                "ptrace: introduce PTRACE_SET_SYSCALL_INFO request",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PTRACE_GET_SYSCALL_INFO: libc::c_long = 0x420e;
    const PTRACE_SET_SYSCALL_INFO: libc::c_long = 0x4212;
    let tracee = Tracee::start(Options::empty(), || {
        nix::unistd::getppid();
    })?;
    tracee.next_stop()?;
    // The kernel's `struct ptrace_syscall_info`.
    let mut told = [0; 11];
    let got = tracee.request(PTRACE_GET_SYSCALL_INFO, &mut told);
    facts.saw_result("get", &got);
    facts.saw_result("set", &tracee.request(PTRACE_SET_SYSCALL_INFO, &mut told));
    Ok(())
}
