//! todo.

scenarios! {
}
