//! The initramfs of a boot: the guest and its job.

use std::fs::File;
use std::io::{self, BufWriter, Seek};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use guest::{Arch, CONFIG_PATH, JOB_PATH, Job, PROGRAMS_PATH};
use images::Initramfs;

use super::guest_binary;
use crate::system::anonymous;

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

    /// The same, with a kernel's configuration.
    pub(crate) fn with_config(&self, config: &[u8]) -> Result<Self> {
        let mut file = anonymous::file("initramfs")?;
        io::copy(&mut File::open(self.path())?, &mut file).context("copying the initramfs")?;
        with_config(config).write(&mut file)?;
        Ok(Self {
            file: Arc::new(file),
            job: self.job,
        })
    }

    /// Its file.
    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
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

/// An initramfs without a job, for machines that wait for jobs which are scenarios.
///
/// # Errors
/// As of [`pack`].
pub(crate) fn for_scenarios(arch: &'static Arch) -> Result<PackedInitramfs> {
    PackedInitramfs::of(&[&base(arch)?])
}

/// The same, for jobs which are programs, on a kernel with this configuration.
///
/// # Errors
/// As of [`pack`].
pub(crate) fn for_programs(arch: &'static Arch, config: Option<&[u8]>) -> Result<PackedInitramfs> {
    let base = base(arch)?.file(PROGRAMS_PATH, "", 0o644);
    let config = config.map(with_config);
    let archives = std::iter::once(&base).chain(&config);
    PackedInitramfs::of(&archives.collect::<Vec<_>>())
}

/// An archive with a kernel's configuration.
fn with_config(config: &[u8]) -> Initramfs {
    Initramfs::new().file(CONFIG_PATH, config, 0o644)
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
