//! File descriptors that stand for processes.

scenarios! {
    pidfd_open,
    pidfd_send_signal,
}
