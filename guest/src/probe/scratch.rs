//! File systems that a probe mounts for itself: they go with its process.

use std::path::Path;

use nix::errno::Errno;

use super::mounts::{mount_on, private_mounts};
use crate::claims::ProbeError;

/// Mounts an empty tmpfs that only this process sees, and returns its path.
///
/// The caller has one thread.
///
/// # Errors
/// [`ProbeError::NotApplicable`] where the kernel has no tmpfs.
pub fn scratch() -> Result<&'static Path, ProbeError> {
    let path = Path::new("/tmp");
    private_mounts()?;
    mount_scratch("tmpfs", path)?;
    Ok(path)
}

/// Mounts another one there, of a kind that needs no device. The caller has
/// called [`scratch`].
///
/// # Errors
/// [`ProbeError::NotApplicable`] where the kernel has none of the kind.
pub fn mount_scratch(kind: &str, path: &Path) -> Result<(), ProbeError> {
    match mount_on(path, kind, None) {
        Err(Errno::ENODEV) => Err(ProbeError::NotApplicable(format!("no {kind}"))),
        other => Ok(other?),
    }
}
