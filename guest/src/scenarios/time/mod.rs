//! Clocks and timers; may use: shared.

scenarios! {
    timerfd_clocks,
}
