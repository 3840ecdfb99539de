//! The guest's binary as a file.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result};

use crate::system::anonymous;

/// The path of the static guest, for as long as this process runs.
///
/// # Errors
/// If no file in memory can be created.
pub fn guest_binary() -> Result<PathBuf> {
    static FILE: OnceLock<File> = OnceLock::new();
    if let Some(file) = FILE.get() {
        return Ok(anonymous::path(file));
    }
    let mut file = anonymous::file("strata-guest")?;
    file.write_all(guest_binary::GUEST)
        .context("writing the guest")?;
    // Another thread may have been faster: one of the two files is kept.
    Ok(anonymous::path(FILE.get_or_init(|| file)))
}
