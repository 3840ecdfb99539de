//! The busybox for the shell in a guest.

use std::path::PathBuf;

use anyhow::{Context, Result};
use images::{Store, ToolName};

use crate::results::{Downloads, Watcher};

/// The busybox in PATH, else Strata's own from Debian's archive.
///
/// # Errors
/// If there is neither.
pub fn busybox(store: &Store, watcher: &dyn Watcher) -> Result<PathBuf> {
    if let Ok(path) = which::which("busybox") {
        return Ok(path);
    }
    let tool = store
        .tool(ToolName::Busybox, &Downloads::told_to(watcher))
        .context("busybox is not in PATH; obtaining Strata's own")?;
    Ok(tool.launch("busybox").program)
}
