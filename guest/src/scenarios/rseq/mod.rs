//! The memory that a thread shares with the kernel; may use: shared.

scenarios! {
    rseq_cpu_rewritten,
    rseq_size,
}
