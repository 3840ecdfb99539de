//! File descriptors that stand for processes; may use: shared.

scenarios! {
    pidfd_open,
    pidfd_send_signal,
}
