//! What the user called.

use std::sync::OnceLock;

use super::paths;

static NAME: OnceLock<String> = OnceLock::new();

/// Sets the name by which messages speak of this program; the first one stays.
pub fn set_program_name(name: impl Into<String>) {
    NAME.get_or_init(|| name.into());
}

/// How the user calls Strata, for messages that say what to run next.
#[must_use]
pub fn program_name() -> &'static str {
    match NAME.get() {
        Some(name) => name,
        None if paths::is_in_workspace() => "cargo xtask",
        None => "strata",
    }
}
