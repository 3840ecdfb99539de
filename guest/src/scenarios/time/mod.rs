//! Clocks and timers; may use: shared.

scenarios! {
    timerfd_clocks,
    offsets_of_a_time_namespace,
}
