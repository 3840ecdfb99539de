//! The name by which the user called this program.

use std::sync::OnceLock;

use super::paths;

static NAME: OnceLock<String> = OnceLock::new();

/// Sets the name of this program in messages; only the first call counts.
pub fn set_program_name(name: impl Into<String>) {
    NAME.get_or_init(|| name.into());
}

/// How the user calls Strata, for messages that name the next command.
#[must_use]
pub fn program_name() -> &'static str {
    match NAME.get() {
        Some(name) => name,
        None if paths::is_in_workspace() => "cargo xtask",
        None => "strata",
    }
}
