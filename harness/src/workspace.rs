//! Where things are.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::run::EVENTS;

/// The root of the workspace that this crate was built in.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// Cargo's target directory.
#[must_use]
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Where it is remembered which accelerator works on this host.
pub(crate) fn accelerator_memory() -> PathBuf {
    target().join("strata/accelerator.json")
}

/// What a run leaves behind, one directory a kernel:
/// `target/strata/<run>/<kernel>/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// The directory of a run, new or not.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn of_run(run: &str) -> Result<Self> {
        Self::at(target().join("strata").join(run))
    }

    /// The directory of a new run, named by the time and this process.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn new_run() -> Result<Self> {
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        Self::of_run(&format!("{now}-{}", std::process::id()))
    }

    /// A directory that goes with its guard.
    ///
    /// # Errors
    /// Where there is no place for temporary files.
    pub fn temporary() -> Result<(TempDir, Self)> {
        let guard = tempfile::Builder::new()
            .prefix("strata-")
            .tempdir()
            .context("creating a temporary directory")?;
        let dir = Self(guard.path().to_owned());
        Ok((guard, dir))
    }

    /// The directory of a kernel in this run.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn kernel(&self, name: &str) -> Result<Self> {
        Self::at(self.0.join(name))
    }

    /// The directory of a further boot of the same kernel.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn boot(&self, number: usize) -> Result<Self> {
        if number == 1 {
            Ok(self.clone())
        } else {
            Self::at(self.0.join(format!("boot{number}")))
        }
    }

    fn at(path: PathBuf) -> Result<Self> {
        fs::create_dir_all(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The console, byte for byte.
    #[must_use]
    pub fn console(&self) -> PathBuf {
        self.0.join("console")
    }

    /// What QEMU itself had to say.
    #[must_use]
    pub fn qemu_log(&self) -> PathBuf {
        self.0.join("qemu.log")
    }

    /// The initramfs that was booted.
    #[must_use]
    pub fn initramfs(&self) -> PathBuf {
        self.0.join("initramfs")
    }

    /// What happened in this run, one JSON object a line.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.0.join(EVENTS)
    }

    /// The verdicts about this kernel, as JSON.
    #[must_use]
    pub fn row(&self) -> PathBuf {
        self.0.join("row.json")
    }
}
