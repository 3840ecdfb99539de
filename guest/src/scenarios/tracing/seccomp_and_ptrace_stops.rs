use nix::sys::ptrace::Options;

use crate::scenarios::shared::*;

/// Whether a tracer could change a call after the filter had allowed it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the first two stops of a system call that stops for its filter and for PTRACE_SYSCALL",
    probe,
    &[
        Claim::since(3, 2)
            .shows("first=filter second=call")
            .because("the filter is asked first, so the tracer may change what it has allowed"),
        Claim::since(4, 8)
            .shows("first=call second=filter")
            .because("the filter is asked about the call as the tracer leaves it")
            .commit("93e35efb8de4", "x86/ptrace: run seccomp after ptrace")
            .links(&["https://github.com/rr-debugger/rr/pull/1889"]),
    ],
)
.vendors(&[EL7
    .since(1160)
    .shows("first=call second=filter")
    .because("the filter is asked after the tracer, as since 4.8")
    .source("https://github.com/tremb1e/linux-3.10.0-1160.el7")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_seccomp_filters()?;
    let tracee = Tracee::start(Options::PTRACE_O_TRACESECCOMP, || {
        if trace_getppid().is_ok() {
            nix::unistd::getppid();
        }
    })?;
    // The calls that come before it stop as well, at both of their ends.
    let first = loop {
        let Some(stop) = tracee.next_stop()? else {
            return Err(ProbeError::Failed(
                "the filter was not installed".to_owned(),
            ));
        };
        if tracee.call()? == libc::SYS_getppid as u64 {
            break Some(stop);
        }
    };
    for (name, stop) in [("first", first), ("second", tracee.next_stop()?)] {
        let stop = match stop {
            Some(Stop::Call) => "call",
            Some(Stop::Filter) => "filter",
            _ => "another",
        };
        facts.saw(name, stop);
    }
    Ok(())
}
