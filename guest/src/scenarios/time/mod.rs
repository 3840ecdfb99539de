//! Clocks and timers; may use: shared.

scenarios! {
    timerfd_clocks,
    timer_overrun,
    offsets_of_a_time_namespace,
}
