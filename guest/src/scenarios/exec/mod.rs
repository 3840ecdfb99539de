//! Programs that are executed, and what they are given; may use: shared.

scenarios! {
    exec_while_written,
    execveat_empty_path,
    argc_zero,
    interpreter_path,
}
