//! The initramfs of a boot: the guest and its job.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Seek};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use guest::{Arch, JOB_PATH, Job, PROGRAMS_PATH};
use images::Initramfs;

use super::guest_binary;
use crate::system::{anonymous, lock};

/// An initramfs in memory, freed when this is dropped.
#[derive(Clone, Debug)]
pub struct PackedInitramfs {
    file: Arc<File>,
    /// Where the archive with the job begins, after the one with the guest.
    job: u64,
}

impl PackedInitramfs {
    /// One of several archives, of which the last holds the job.
    pub(crate) fn of(archives: &[&Initramfs]) -> Result<Self> {
        let mut file = BufWriter::new(anonymous::file("initramfs")?);
        let mut job = 0;
        for archive in archives {
            job = file.stream_position().context("packing the initramfs")?;
            archive.write(&mut file)?;
        }
        let file = file.into_inner().map_err(|error| error.into_error());
        let file = Arc::new(file.context("writing the initramfs")?);
        Ok(Self { file, job })
    }

    /// One that another process has made: its file, and where the archive with the job
    /// begins.
    pub(crate) fn of_file(file: File, job: u64) -> Self {
        let file = Arc::new(file);
        Self { file, job }
    }

    /// The path under which QEMU opens it.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        anonymous::path(&*self.file)
    }

    /// The archive with the job: its file, and where it begins.
    pub(crate) fn job(&self) -> (Arc<File>, u64) {
        (Arc::clone(&self.file), self.job)
    }
}

/// Packs the initramfs for a job on a kernel of an architecture.
///
/// # Errors
/// If there is no guest for it, or no file in memory can be created.
pub fn pack(job: &Job, arch: &'static Arch) -> Result<PackedInitramfs> {
    PackedInitramfs::of(&[&base(arch)?, &with_job(job)?])
}

/// An initramfs without a job, for machines whose jobs are programs or scenarios, for as
/// long as this process runs: its path.
///
/// # Errors
/// If there is no guest for it, or no file in memory can be created.
pub(crate) fn without_job(arch: &'static Arch, for_programs: bool) -> Result<PathBuf> {
    static WAITING: Mutex<BTreeMap<(&Arch, bool), PackedInitramfs>> = Mutex::new(BTreeMap::new());
    let mut waiting = lock(&WAITING);
    if let Some(packed) = waiting.get(&(arch, for_programs)) {
        return Ok(packed.path());
    }
    let mut base = base(arch)?;
    if for_programs {
        base = base.file(PROGRAMS_PATH, "", 0o644);
    }
    let packed = PackedInitramfs::of(&[&base])?;
    let path = packed.path();
    waiting.insert((arch, for_programs), packed);
    Ok(path)
}

/// An archive with a job.
pub(crate) fn with_job(job: &Job) -> Result<Initramfs> {
    let job = serde_json::to_vec(job).context("writing the job")?;
    Ok(Initramfs::new().file(JOB_PATH, job, 0o644))
}

/// The archive that every boot needs: the guest, and mount points.
///
/// # Errors
/// If there is no guest for the architecture.
pub(crate) fn base(arch: &'static Arch) -> Result<Initramfs> {
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
        .file("/init", guest_binary(arch)?, 0o755))
}
