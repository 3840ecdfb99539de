//! JSON files that keep what was found out, for later processes.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
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
    let inner = || -> Result<()> {
        let dir = memory.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(&serde_json::to_vec_pretty(what)?)?;
        file.persist(memory)?;
        Ok(())
    };
    inner().with_context(|| format!("writing {}", memory.display()))
}
