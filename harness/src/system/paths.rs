//! Where files are kept.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the workspace that this crate was built in.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// Whether cargo started this program within the workspace that it was built in,
/// as `cargo xtask` and the workspace's tests do.
#[must_use]
pub fn is_in_workspace() -> bool {
    let manifest = env::var_os("CARGO_MANIFEST_DIR");
    manifest.is_some_and(|dir| Path::new(&dir).starts_with(root()))
}

/// Cargo's target directory.
#[must_use]
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The variable that names the directory of runs.
pub const RUNS: &str = "STRATA_RUNS";

/// The directory of runs and of what is remembered between them: `$STRATA_RUNS`, else
/// `target/strata` within this workspace, else `strata` in the user's state directory
/// (XDG base directory specification).
///
/// # Errors
/// If the environment names no such place.
pub fn runs() -> Result<PathBuf> {
    if let Some(dir) = set(RUNS) {
        return std::path::absolute(dir).context("finding the current directory");
    }
    if is_in_workspace() {
        return Ok(target().join("strata"));
    }
    let of_user = || Some(PathBuf::from(set("HOME")?).join(".local/state"));
    let state = set("XDG_STATE_HOME").map(PathBuf::from).or_else(of_user);
    let state = state.context(
        "there is no place for runs: set HOME, or name a directory with --runs or STRATA_RUNS",
    )?;
    Ok(state.join("strata"))
}

/// A variable of the environment that is not empty.
fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The file of this name that keeps what was found out, for later processes.
pub(crate) fn memory(name: &str) -> Option<PathBuf> {
    Some(runs().ok()?.join(name))
}
