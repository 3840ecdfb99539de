//! JSON files that keep what was found out, for later processes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use images::files::write_whole;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a value; none if the file is missing or not valid.
pub(crate) fn recall<T: DeserializeOwned>(memory: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(memory).ok()?).ok()
}

/// Writes a value, atomically.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn remember(memory: &Path, what: &impl Serialize) -> Result<()> {
    let json = serde_json::to_vec_pretty(what)?;
    write_whole(memory, &json).with_context(|| format!("writing {}", memory.display()))
}
