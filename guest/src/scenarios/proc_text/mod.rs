//! Lines and files of `/proc` by the version that brought them; may use: shared.

scenarios! {
    status_of_credentials,
    status_of_memory,
    timerslack_of_a_process,
    fdinfo_fields,
    fdinfo_of_a_timer,
}
