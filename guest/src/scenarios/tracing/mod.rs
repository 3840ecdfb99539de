//! Tracers, and filters of system calls; may use: shared.

scenarios! {
    ptrace_syscall_info,
    ptrace_getsigmask,
    seccomp_and_ptrace_stops,
    seccomp_flags,
    seccomp_actions,
}
