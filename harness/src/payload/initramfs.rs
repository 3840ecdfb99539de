//! The initramfs of a boot: the guest and its job.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use anyhow::{Context, Result};
use guest::{JOB_PATH, Job};
use images::Initramfs;

use super::guest_binary;
use crate::system::anonymous;

/// An initramfs in memory, freed when this is dropped.
#[derive(Debug)]
pub struct PackedInitramfs(File);

impl PackedInitramfs {
    pub(crate) fn of(initramfs: &Initramfs) -> Result<Self> {
        let mut file = BufWriter::new(anonymous::file("initramfs")?);
        initramfs.write(&mut file)?;
        let file = file.into_inner().map_err(|error| error.into_error());
        Ok(Self(file.context("writing the initramfs")?))
    }

    /// The path under which QEMU opens it.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        anonymous::path(&self.0)
    }
}

/// Packs the initramfs for a job.
///
/// # Errors
/// If the guest cannot be built or read.
pub fn pack(job: &Job) -> Result<PackedInitramfs> {
    PackedInitramfs::of(&base(job)?)
}

/// The initramfs that every boot needs: the guest, its job, and mount points.
///
/// # Errors
/// If the guest cannot be built.
pub(crate) fn base(job: &Job) -> Result<Initramfs> {
    let job = serde_json::to_vec(job).context("writing the job")?;
    Ok(Initramfs::new()
        .dir("/dev", 0o755)
        // For kernels without devtmpfs.
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
