//! The QEMU of this host.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// The program's name, looked up in PATH.
pub(crate) const PROGRAM: &str = "qemu-system-x86_64";

/// Where QEMU is.
///
/// # Errors
/// Where it is not installed.
pub fn find() -> Result<PathBuf> {
    which::which(PROGRAM).with_context(|| {
        format!("{PROGRAM} is not in PATH: `cargo xtask test-kernels --yes` installs it")
    })
}
