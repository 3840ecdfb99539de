//! The init of a PID namespace: signals, faults and death; may use: shared.

scenarios! {
    init_signals_from_inside,
    init_signals_from_outside,
    init_own_faults,
    init_killed,
}
