//! The busybox for the shell in a guest.

use std::path::PathBuf;

use anyhow::{Context, Result};
use guest::{Arch, HOST};
use images::{Store, ToolName};

use crate::results::{Downloads, Watcher};

/// The busybox in PATH for kernels of the host's architecture, else Strata's own from
/// Debian's archive.
///
/// # Errors
/// If there is neither.
pub fn busybox(store: &Store, arch: &'static Arch, watcher: &dyn Watcher) -> Result<PathBuf> {
    let in_path = (arch == HOST).then(|| which::which("busybox").ok());
    if let Some(path) = in_path.flatten() {
        return Ok(path);
    }
    let tool = store
        .tool(ToolName::Busybox(arch), &Downloads::told_to(watcher))
        .with_context(|| format!("obtaining a busybox of {arch}"))?;
    Ok(tool.launch("busybox").program)
}
