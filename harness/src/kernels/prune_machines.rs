//! Removes saved machines.

use std::time::Duration;

use anyhow::{Context, Result};
use images::Removed;

use crate::machine::remove_states;
use crate::system::paths;

/// Removes the saved machines that no run has used for so long.
///
/// # Errors
/// If one cannot be removed.
pub fn prune_machines(unused: Duration) -> Result<Option<Removed>> {
    let Some(dir) = paths::memory("machines") else {
        return Ok(None);
    };
    let size = remove_states(&dir, unused)
        .with_context(|| format!("removing saved machines from {}", dir.display()))?;
    let name = "machines".to_owned();
    Ok((size > 0).then_some(Removed { name, size }))
}
