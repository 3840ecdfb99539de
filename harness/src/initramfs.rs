//! The initramfs of a boot: the guest and its job.

use std::path::Path;

use anyhow::{Context, Result};
use guest::{JOB_PATH, Job};
use images::Initramfs;

use crate::guest_binary;

/// Writes the initramfs with which a machine does a job.
///
/// # Errors
/// Where the guest cannot be built or the file not be written.
pub fn pack(job: &Job, path: &Path) -> Result<()> {
    base(job)?.write_to(path)
}

/// What every boot needs: the guest, its job, and a place for what it mounts.
///
/// # Errors
/// Where the guest cannot be built.
pub(crate) fn base(job: &Job) -> Result<Initramfs> {
    let job = serde_json::to_vec(job).context("writing the job")?;
    Ok(Initramfs::new()
        .dir("/dev", 0o755)
        // Where there is no devtmpfs.
        .char_device("/dev/console", 5, 1, 0o600)
        .char_device("/dev/full", 1, 7, 0o666)
        .char_device("/dev/null", 1, 3, 0o666)
        .char_device("/dev/ptmx", 5, 2, 0o666)
        .char_device("/dev/random", 1, 8, 0o666)
        .char_device("/dev/tty", 5, 0, 0o666)
        .char_device("/dev/urandom", 1, 9, 0o666)
        .char_device("/dev/zero", 1, 5, 0o666)
        .dir("/proc", 0o755)
        .dir("/strata", 0o755)
        .dir("/sys", 0o755)
        .dir("/tmp", 0o1777)
        .file("/init", guest_binary()?, 0o755)
        .file(JOB_PATH, job, 0o644))
}
